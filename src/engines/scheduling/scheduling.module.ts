import { type DynamicModule, Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module';
import { SelectionModule } from '../selection/selection.module';
import { EngineScheduler } from './engine-scheduler';

/** Which stream gets a slot, and when. Needs the global module of configuration. */
@Module({})
export class SchedulingModule {
  /** @param fleet provides the queue of requests, whose length it reads, and says whether further engines may come */
  static forFleet(fleet: DynamicModule): DynamicModule {
    return {
      module: SchedulingModule,
      imports: [RegistryModule, SelectionModule, fleet],
      providers: [EngineScheduler],
      exports: [EngineScheduler],
    };
  }
}
