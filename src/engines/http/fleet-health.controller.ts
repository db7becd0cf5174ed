import { Controller, Get, Header, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../http';
import { Public } from '../../access';
import { CONFIG } from '../../config';
import { BreakerResetDto, FleetHealthDto } from './dto/fleet-health.dto';
import { EngineRegistry } from '../registry/engine-registry';
import type { EnginesConfig } from '../engines-config';
import { FleetControl } from '../fleet/fleet-control.port';
import { countEngines } from '../fleet/fleet-summary';

/** The fleet's health, at the addresses of acestream-orchestrator. The health of the process is at `/health/*`. */
@ApiTags('health')
@Controller(['api/v1/health', 'health'])
export class FleetHealthController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly fleet: FleetControl,
    private readonly registry: EngineRegistry,
  ) {}

  /** Count engines by health. Needs no key, and names no engine. */
  @Get('status')
  @Public()
  @Header('Cache-Control', 'no-store')
  status(): FleetHealthDto {
    const engines = this.registry.list();
    const { runtime, breaker, limits } = this.fleet.status();
    return new FleetHealthDto({
      counts: countEngines(engines, limits.maxStreamsPerEngine),
      breaker,
      markedForReplacement: engines.filter(({ drainedBy }) => drainedBy === 'fleet').length,
      minReplicas: runtime === null ? 0 : limits.minReplicas,
      probeIntervalMs: this.config.engineProbeIntervalMs,
    });
  }

  /**
   * Close the circuit breaker. Engines may be created again at once, and the next failure counts as the first. There
   * is one breaker, so `operation_type`, which older clients send, makes no difference.
   */
  @Post('circuit-breaker/reset')
  @HttpCode(200)
  @ApiProblems('not_managed')
  reset(): BreakerResetDto {
    this.fleet.resetBreaker();
    return new BreakerResetDto(this.fleet.status().breaker);
  }
}
