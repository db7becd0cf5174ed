import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { VPN_STATES, type VpnState } from '../vpn-health';

/** `redundant`: several VPNs. */
export type VpnMode = 'disabled' | 'single' | 'redundant';

/** `unknown`: not looked at yet. */
export type VpnHealthWord = 'healthy' | 'unhealthy' | 'starting' | 'unknown';

const MODES: readonly VpnMode[] = ['disabled', 'single', 'redundant'];
const HEALTH_WORDS: readonly VpnHealthWord[] = ['healthy', 'unhealthy', 'starting', 'unknown'];

/** What is told of a VPN in the list as well as of the first one at the top; null without any. */
export class VpnReportDto {
  /** Null when none is forwarded, or when its control server does not tell. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly forwarded_port!: number | null;

  /** Under which address it is seen from outside. */
  @ApiProperty({ type: String, nullable: true })
  readonly public_ip!: string | null;

  /** As its container was told. */
  @ApiProperty({ type: String, nullable: true })
  readonly provider!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly country!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly city!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly region!: string | null;

  /** ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_check_at!: string | null;

  /** Equals `last_check_at`. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_check!: string | null;
}

/** One VPN. */
export class VpnDto extends VpnReportDto {
  readonly enabled!: boolean;

  /** Docker's word for the state of its container: `running`, `exited`, …; `not_found`; `unknown`. */
  readonly status!: string;

  /** Its container's name. */
  readonly container_name!: string;

  /** Equals `container_name`. */
  readonly container!: string;

  @ApiProperty({ enum: HEALTH_WORDS })
  readonly health!: VpnHealthWord;

  /** Its engines may be given streams. */
  readonly connected!: boolean;

  /** `recovering`: works again, but is given new engines only when no other VPN is up. */
  @ApiProperty({ enum: VPN_STATES })
  readonly state!: VpnState;

  /** Since when it is in this state. ISO 8601, UTC. */
  readonly since!: string;

  /** Why. */
  readonly reason!: string;

  /** What is to be mended about its control server; null when nothing is known to be wrong. */
  @ApiProperty({ type: String, nullable: true })
  readonly control_fault!: string | null;

  /** Seconds until it counts as stable; 0 when it does, null while it does not work. */
  @ApiProperty({ type: 'number', nullable: true })
  readonly stable_in_s!: number | null;

  /** Address under which it and its engines are reached. */
  @ApiProperty({ type: String, nullable: true })
  readonly host!: string | null;

  /** Ids of the engines behind it. */
  readonly engines!: string[];
}

/** While a VPN is down and another one serves. */
export class VpnEmergencyDto {
  readonly active!: boolean;

  /** The VPN that is down; the first of them. */
  @ApiProperty({ type: String, nullable: true })
  readonly failed_vpn!: string | null;

  /** The VPN that serves; the first of them. */
  @ApiProperty({ type: String, nullable: true })
  readonly healthy_vpn!: string | null;

  readonly duration_seconds!: number;

  /** ISO 8601, UTC; only while active. */
  @ApiPropertyOptional()
  readonly entered_at?: string;
}

/** All VPNs; the fields of a single one are those of the first. */
export class VpnStatusDto extends VpnReportDto {
  @ApiProperty({ enum: MODES })
  readonly mode!: VpnMode;

  readonly enabled!: boolean;

  /** `disabled`; of a single VPN that of its container; of several `running` while one works, else `unhealthy`. */
  readonly status!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly container_name!: string | null;

  /** Equals `container_name`. */
  @ApiProperty({ type: String, nullable: true })
  readonly container!: string | null;

  @ApiProperty({ enum: HEALTH_WORDS })
  readonly health!: VpnHealthWord;

  /** Some VPN's engines may be given streams. */
  readonly connected!: boolean;

  /** The first VPN. */
  @ApiProperty({ type: VpnDto, nullable: true })
  readonly vpn1!: VpnDto | null;

  /** The second VPN. */
  @ApiProperty({ type: VpnDto, nullable: true })
  readonly vpn2!: VpnDto | null;

  readonly emergency_mode!: VpnEmergencyDto;

  /** Every VPN, in the order of VPN_CONTAINERS. */
  @ApiProperty({ type: [VpnDto] })
  readonly vpns!: VpnDto[];
}

/** The public address of the first VPN that told one. */
export class VpnPublicIpDto {
  readonly public_ip!: string;

  /** Of which VPN. */
  readonly vpn!: string;
}
