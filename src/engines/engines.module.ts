import { type DynamicModule, Module } from '@nestjs/common';
import { AceModule } from '../ace';
import { EnginesMetrics } from './engines-metrics';
import type { EnginesConfig } from './engines-config';
import { DriversModule } from './drivers/drivers.module';
import { ExternalEnginesModule } from './external/external.module';
import { FleetModule } from './fleet/fleet.module';
import { EngineHealth } from './health/engine-health';
import { ContainersController } from './http/containers.controller';
import { EngineCommands } from './http/engine-commands';
import { EngineOperationsController } from './http/engine-operations.controller';
import { EnginesController } from './http/engines.controller';
import { ExternalEnginesController } from './http/external-engines.controller';
import { FleetHealthController } from './http/fleet-health.controller';
import { FleetController } from './http/fleet.controller';
import { OrchestratorController } from './http/orchestrator.controller';
import { ProvisioningController } from './http/provisioning.controller';
import { ReportedStreams } from './reports/reported-streams';
import { RegistryModule } from './registry/registry.module';
import { SchedulingModule } from './scheduling/scheduling.module';
import { SlotQueueModule } from './scheduling/slot-queue.module';
import { VpnModule } from './vpn';

/**
 * The engines: which ones exist, their state, and which one a stream gets. Needs the global modules for
 * configuration, events, metrics, jobs and storage.
 */
@Module({})
export class EnginesModule {
  /**
   * Returns a global module: its content depends on the configuration, and every other module must use the same
   * instance.
   */
  static forRoot(config: EnginesConfig): DynamicModule {
    const fleet = FleetModule.forRoot(config, SlotQueueModule);
    const scheduling = SchedulingModule.forFleet(fleet);
    return {
      module: EnginesModule,
      global: true,
      imports: [
        AceModule,
        DriversModule.forRoot(config),
        RegistryModule,
        VpnModule,
        ExternalEnginesModule,
        fleet,
        scheduling,
      ],
      controllers: [
        ExternalEnginesController,
        EnginesController,
        EngineOperationsController,
        ContainersController,
        ProvisioningController,
        FleetController,
        FleetHealthController,
        OrchestratorController,
      ],
      // Controllers are also providers, so that the event stream shows the same as the API.
      providers: [
        EngineHealth,
        EngineCommands,
        EnginesMetrics,
        ReportedStreams,
        EnginesController,
        OrchestratorController,
      ],
      exports: [
        EngineHealth,
        ReportedStreams,
        EnginesController,
        OrchestratorController,
        RegistryModule,
        VpnModule,
        fleet,
        scheduling,
      ],
    };
  }
}
