import { type DynamicModule, Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module';
import { SelectionModule } from '../selection/selection.module';
import { FactCache } from '../selection/cached-facts';
import { VpnModule } from '../vpn';
import { EngineScheduler } from './engine-scheduler';
import { SlotQueueModule } from './slot-queue.module';

/** Decides which stream gets a slot, and when. Needs the global configuration module. */
@Module({})
export class SchedulingModule {
  /** @param fleet provides `EngineSupply`, which says whether further engines may become available */
  static forFleet(fleet: DynamicModule): DynamicModule {
    return {
      module: SchedulingModule,
      imports: [RegistryModule, SelectionModule, SlotQueueModule, VpnModule, fleet],
      providers: [EngineScheduler, FactCache],
      exports: [EngineScheduler, SlotQueueModule],
    };
  }
}
