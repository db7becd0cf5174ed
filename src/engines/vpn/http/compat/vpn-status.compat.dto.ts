import { ApiProperty, IntersectionType, OmitType } from '@nestjs/swagger';
import { VpnCheckDto, VpnDto, VpnStatusDto } from '../dto/vpn-status.dto';

/** One VPN, with the duplicate fields of acestream-orchestrator. */
export class VpnCompatDto extends VpnDto {
  /** Equals `last_check_at`. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_check!: string | null;

  /** Equals `container_name`. */
  readonly container!: string;
}

/**
 * All VPNs, with the duplicate fields of acestream-orchestrator: the results of the first VPN's check, and the first
 * two VPNs as `vpn1` and `vpn2`.
 */
export class VpnStatusCompatDto extends IntersectionType(
  OmitType(VpnStatusDto, ['vpns']),
  VpnCheckDto,
) {
  /** Container of the first VPN. The check results beside it are also those of the first VPN. */
  @ApiProperty({ type: String, nullable: true })
  readonly container_name!: string | null;

  /** Equals `container_name`. */
  @ApiProperty({ type: String, nullable: true })
  readonly container!: string | null;

  /** Equals `last_check_at`. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_check!: string | null;

  /** The first VPN. */
  @ApiProperty({ type: VpnCompatDto, nullable: true })
  readonly vpn1!: VpnCompatDto | null;

  /** The second VPN. */
  @ApiProperty({ type: VpnCompatDto, nullable: true })
  readonly vpn2!: VpnCompatDto | null;

  /** Every VPN, in the order of VPN_CONTAINERS. */
  @ApiProperty({ type: [VpnCompatDto] })
  readonly vpns!: VpnCompatDto[];
}

export function toVpnStatusCompat(status: VpnStatusDto): VpnStatusCompatDto {
  const vpns = status.vpns.map((vpn) =>
    Object.assign({}, vpn, { last_check: vpn.last_check_at, container: vpn.container_name }),
  );
  const [vpn1 = null, vpn2 = null] = vpns;
  return Object.assign({}, status, {
    container_name: vpn1?.container_name ?? null,
    container: vpn1?.container ?? null,
    forwarded_port: vpn1?.forwarded_port ?? null,
    public_ip: vpn1?.public_ip ?? null,
    provider: vpn1?.provider ?? null,
    country: vpn1?.country ?? null,
    city: vpn1?.city ?? null,
    region: vpn1?.region ?? null,
    last_check_at: vpn1?.last_check_at ?? null,
    last_check: vpn1?.last_check ?? null,
    vpn1,
    vpn2,
    vpns,
  });
}
