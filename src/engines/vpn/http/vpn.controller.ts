import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../../../config';
import { AliasAnswer, ApiProblems } from '../../../http';
import { monotonicMs } from '../../../kernel/clock';
import { AppError } from '../../../kernel/errors';
import { EngineRegistry } from '../../registry/engine-registry';
import { type VpnPublicIpDto, VpnStatusDto } from './dto/vpn-status.dto';
import { toVpnStatusCompat, VpnStatusCompatDto } from './compat/vpn-status.compat.dto';
import { VpnRegistry } from '../vpn-registry';
import type { EnginesConfig } from '../../engines-config';
import { vpnStatusDto } from './vpn-mapping';

/** Answers from memory, so a panel may poll often. */
@ApiTags('vpn')
@Controller(['api/v1/vpn', 'vpn'])
export class VpnController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly vpns: VpnRegistry,
    private readonly engines: EngineRegistry,
  ) {}

  /**
   * Show the state of the VPNs. Each VPN with its state, the time and reason of the last change, and the engines
   * behind it.
   */
  @Get('status')
  @AliasAnswer(VpnStatusDto, VpnStatusCompatDto, toVpnStatusCompat)
  status(): VpnStatusDto {
    return vpnStatusDto({
      vpns: this.vpns.list(),
      stableAfterMs: this.config.vpnStableAfterMs,
      enginesOf: (vpn) => this.enginesOf(vpn),
      nowMs: monotonicMs(),
      now: new Date(),
    });
  }

  /** Show the public address of a VPN. Answers with the first VPN that has reported its address. */
  @Get('publicip')
  @ApiProblems('not_found')
  publicIp(): VpnPublicIpDto {
    for (const { name, publicAddress } of this.vpns.list()) {
      if (publicAddress !== null) return { public_ip: publicAddress.ip, vpn: name };
    }
    throw new AppError('not_found', 'No VPN has reported its public address.');
  }

  private enginesOf(vpn: string): string[] {
    return this.engines
      .list()
      .filter((engine) => engine.vpn === vpn)
      .map(({ id }) => id)
      .sort();
  }
}
