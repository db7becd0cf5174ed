import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../../../config';
import { AliasAnswer, ApiProblems } from '../../../http';
import { monotonicMs } from '../../../kernel/clock';
import { AppError } from '../../../kernel/errors';
import { EngineRegistry } from '../../registry/engine-registry';
import { VpnDrainDto, VpnDto, type VpnPublicIpDto, VpnStatusDto } from './dto/vpn-status.dto';
import { toVpnStatusCompat, VpnStatusCompatDto } from './compat/vpn-status.compat.dto';
import { VpnDrains } from '../vpn-drains';
import { VpnRegistry } from '../vpn-registry';
import type { EnginesConfig } from '../../engines-config';
import { vpnDto, type VpnStatusFacts, vpnStatusDto } from './vpn-mapping';

const NAME = {
  name: 'name',
  type: String,
  description: 'Name of a VPN, as in VPN_CONTAINERS',
  example: 'gluetun',
};

/** Answers from memory, so a panel may poll often. */
@ApiTags('vpn')
@Controller(['api/v1/vpn', 'vpn'])
export class VpnController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly vpns: VpnRegistry,
    private readonly engines: EngineRegistry,
    private readonly drains: VpnDrains,
  ) {}

  /**
   * Show the state of the VPNs. Each VPN with its state, the time and reason of the last change, and the engines
   * behind it.
   */
  @Get('status')
  @AliasAnswer(VpnStatusDto, VpnStatusCompatDto, toVpnStatusCompat)
  status(): VpnStatusDto {
    return vpnStatusDto(this.facts());
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

  /**
   * Drain a VPN. No engine is created behind it. The engines behind it get no new streams; their streams move to other
   * engines when these have room, without an interruption for viewers, and then the engines are removed. Other engines are
   * created behind other VPNs within `MAX_REPLICAS`. Survives a restart.
   */
  @Post(':name/drain')
  @HttpCode(200)
  @ApiParam(NAME)
  @ApiBody({ type: VpnDrainDto, required: false })
  @ApiProblems('not_found')
  drain(@Param('name') name: string, @Body() body?: VpnDrainDto): VpnDto {
    return vpnDto(
      this.drains.drain(name, body?.reason ?? 'requested by an operator'),
      this.facts(),
    );
  }

  /** End the drain of a VPN. Engines behind it that have not left yet may be chosen again. */
  @Delete(':name/drain')
  @ApiParam(NAME)
  @ApiProblems('not_found')
  undrain(@Param('name') name: string): VpnDto {
    return vpnDto(this.drains.undrain(name), this.facts());
  }

  private facts(): VpnStatusFacts {
    return {
      vpns: this.vpns.list(),
      stableAfterMs: this.config.vpnStableAfterMs,
      enginesOf: (vpn) => this.enginesOf(vpn),
      nowMs: monotonicMs(),
      now: new Date(),
    };
  }

  private enginesOf(vpn: string): string[] {
    return this.engines
      .list()
      .filter((engine) => engine.vpn === vpn)
      .map(({ id }) => id)
      .sort();
  }
}
