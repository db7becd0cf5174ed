import { Module } from '@nestjs/common';
import { AceModule } from '../ace';
import { CONFIG } from '../config';
import { chooseDriver, createDriver } from './drivers/driver.factory';
import { EngineGauge } from './engine-gauge';
import { EngineRegistry } from './engine-registry';
import { DRIVER_CHOICE, ENGINE_DRIVER, EngineSupply } from './engine-supply';
import { EngineAllocator } from './engine.allocator';
import { EngineHealth } from './health/engine-health';
import { EnginesController } from './http/engines.controller';
import { EngineSelector } from './selection/engine.selector';
import { ProbedFacts, SlowFactCache, SlowFactSource } from './selection/slow-facts';

/**
 * The fleet: which engines there are, how they are, and which one a stream gets. Needs the global modules
 * of configuration, events and metrics.
 */
@Module({
  imports: [AceModule],
  controllers: [EnginesController],
  providers: [
    { provide: DRIVER_CHOICE, useFactory: chooseDriver, inject: [CONFIG] },
    { provide: ENGINE_DRIVER, useFactory: createDriver, inject: [DRIVER_CHOICE, CONFIG] },
    { provide: SlowFactSource, useClass: ProbedFacts },
    SlowFactCache,
    EngineRegistry,
    EngineSupply,
    EngineHealth,
    EngineSelector,
    EngineAllocator,
    EngineGauge,
  ],
  exports: [EngineAllocator, EngineRegistry, EngineSelector, EngineSupply],
})
export class EnginesModule {}
