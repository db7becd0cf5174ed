import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../../config';
import { AliasAnswer } from '../../http';
import { monotonicMs } from '../../kernel/clock';
import {
  OrchestratorStatusCompatDto,
  toOrchestratorStatusCompat,
} from './compat/orchestrator-status.compat.dto';
import { OrchestratorStatusDto } from './dto/orchestrator-status.dto';
import { EngineRegistry } from '../registry/engine-registry';
import { EngineSupply } from '../fleet/engine-supply';
import type { EnginesConfig } from '../engines-config';
import { FleetControl } from '../fleet/fleet-control.port';
import { countEngines } from '../fleet/fleet-summary';
import { vpnStatusDto } from '../vpn/http/vpn-mapping';
import { VpnRegistry } from '../vpn/vpn-registry';

/** The status of the whole fleet, at the address of acestream-orchestrator. */
@ApiTags('fleet')
@Controller(['api/v1/orchestrator', 'orchestrator'])
export class OrchestratorController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly fleet: FleetControl,
    private readonly registry: EngineRegistry,
    private readonly supply: EngineSupply,
    private readonly vpns: VpnRegistry,
  ) {}

  /** Show the state of the fleet. Includes its latest decisions and their reasons. Answered from memory. */
  @Get('status')
  @AliasAnswer(OrchestratorStatusDto, OrchestratorStatusCompatDto, toOrchestratorStatusCompat)
  status(): OrchestratorStatusDto {
    return new OrchestratorStatusDto({
      fleet: this.fleet.status(),
      counts: countEngines(this.registry.list(), this.config.maxStreamsPerEngine),
      driver: this.supply.chosen,
      vpn: vpnStatusDto({
        vpns: this.vpns.list(),
        stableAfterMs: this.config.vpnStableAfterMs,
        enginesOf: () => [],
        nowMs: monotonicMs(),
        now: new Date(),
      }),
    });
  }
}
