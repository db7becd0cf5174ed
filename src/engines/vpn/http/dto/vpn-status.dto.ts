import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { VPN_STATES, type VpnState } from '../../vpn-health';

/** `redundant`: several VPNs. */
export type VpnMode = 'disabled' | 'single' | 'redundant';

/** `unknown`: not checked yet. */
export type VpnHealthWord = 'healthy' | 'unhealthy' | 'starting' | 'unknown';

const MODES: readonly VpnMode[] = ['disabled', 'single', 'redundant'];
const HEALTH_WORDS: readonly VpnHealthWord[] = ['healthy', 'unhealthy', 'starting', 'unknown'];

/** Results of the last check of a VPN. */
export class VpnCheckDto {
  /** Null when no port is forwarded or the control server does not report it. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly forwarded_port!: number | null;

  /** Address of the VPN as seen from the internet. */
  @ApiProperty({ type: String, nullable: true })
  readonly public_ip!: string | null;

  /** As configured in the container of the VPN. */
  @ApiProperty({ type: String, nullable: true })
  readonly provider!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly country!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly city!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly region!: string | null;

  /** Time of the check. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_check_at!: string | null;
}

/** One VPN. */
export class VpnDto extends VpnCheckDto {
  readonly enabled!: boolean;

  /** Docker's state of its container: `running`, `exited`, …; `not_found`; `unknown`. */
  readonly status!: string;

  /** Its container's name. */
  readonly container_name!: string;

  @ApiProperty({ enum: HEALTH_WORDS })
  readonly health!: VpnHealthWord;

  /** True when its engines may get streams. */
  readonly connected!: boolean;

  /** `recovering`: works again, but gets new engines only when no other VPN is up. */
  @ApiProperty({ enum: VPN_STATES })
  readonly state!: VpnState;

  /** Time of the last change of state. ISO 8601, UTC. */
  readonly since!: string;

  /** Why it is in this state. */
  readonly reason!: string;

  /** True while an operator drains it. */
  readonly drained!: boolean;

  /** Why it is drained; the operator's own text. */
  @ApiProperty({ type: String, nullable: true })
  readonly drain_reason!: string | null;

  /** What is wrong with its control server; null when no fault is known. */
  @ApiProperty({ type: String, nullable: true })
  readonly control_fault!: string | null;

  /** Seconds until it counts as stable; 0 when it is stable, null while it does not work. */
  @ApiProperty({ type: 'number', nullable: true })
  readonly stable_in_s!: number | null;

  /** Address of the VPN container and its engines. */
  @ApiProperty({ type: String, nullable: true })
  readonly host!: string | null;

  /** Ids of the engines behind it. */
  readonly engines!: string[];
}

/** Emergency mode: active while a VPN is down and another one works. */
export class VpnEmergencyDto {
  readonly active!: boolean;

  /** The first VPN that is down. */
  @ApiProperty({ type: String, nullable: true })
  readonly failed_vpn!: string | null;

  /** The first VPN that works. */
  @ApiProperty({ type: String, nullable: true })
  readonly healthy_vpn!: string | null;

  readonly duration_seconds!: number;

  /** ISO 8601, UTC; only while active. */
  @ApiPropertyOptional()
  readonly entered_at?: string;
}

/** All VPNs. */
export class VpnStatusDto {
  @ApiProperty({ enum: MODES })
  readonly mode!: VpnMode;

  readonly enabled!: boolean;

  /**
   * `disabled` without VPNs. With one VPN: the status of its container. With several: `running` while one works, else
   * `unhealthy`.
   */
  readonly status!: string;

  @ApiProperty({ enum: HEALTH_WORDS })
  readonly health!: VpnHealthWord;

  /** True when the engines of at least one VPN may get streams. */
  readonly connected!: boolean;

  readonly emergency_mode!: VpnEmergencyDto;

  /** Every VPN, in the order of VPN_CONTAINERS. */
  @ApiProperty({ type: [VpnDto] })
  readonly vpns!: VpnDto[];
}

/** Body of `POST /vpn/{name}/drain`; optional. */
export class VpnDrainDto {
  /** Shown with the VPN and in the event log. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  reason?: string;
}

/** The public address of the first VPN that has reported one. */
export class VpnPublicIpDto {
  readonly public_ip!: string;

  /** The VPN with this address. */
  readonly vpn!: string;
}
