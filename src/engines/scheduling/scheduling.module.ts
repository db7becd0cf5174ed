import { type DynamicModule, Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module';
import { SelectionModule } from '../selection/selection.module';
import { SlowFactCache } from '../selection/slow-facts';
import { VpnModule } from '../vpn';
import { EngineScheduler } from './engine-scheduler';
import { SlotQueueModule } from './slot-queue.module';

/** Decides which stream gets a slot, and when. Needs the global module of configuration. */
@Module({})
export class SchedulingModule {
  /** @param fleet provides `EngineSupply`, which says whether further engines may come */
  static forFleet(fleet: DynamicModule): DynamicModule {
    return {
      module: SchedulingModule,
      imports: [RegistryModule, SelectionModule, SlotQueueModule, VpnModule, fleet],
      providers: [EngineScheduler, SlowFactCache],
      exports: [EngineScheduler, SlotQueueModule],
    };
  }
}
