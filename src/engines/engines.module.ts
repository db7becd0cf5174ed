import { Module } from '@nestjs/common';
import { AceModule } from '../ace';
import { CONFIG } from '../config';
import { EventBus } from '../events';
import { DataFolder } from '../storage';
import { DockerClient } from './drivers/docker-client';
import { chooseDriver, createDriver, type DriverChoice } from './drivers/driver.factory';
import type { EngineDriver } from './drivers/engine-driver.port';
import { EnginesMetrics } from './engines.metrics';
import { EngineRegistry } from './registry/engine-registry';
import { DRIVER_CHOICE, ENGINE_DRIVER, EngineSupply } from './engine-supply';
import { EngineAllocator } from './engine.allocator';
import type { EnginesConfig } from './engines.config';
import type { EnginePlacement } from './fleet/engine-placement.port';
import { FleetControl } from './fleet/fleet-control';
import { FleetKeeper } from './fleet/fleet.keeper';
import { ManagedFleet } from './fleet/managed.fleet';
import { UnmanagedFleet } from './fleet/unmanaged.fleet';
import { EngineHealth } from './health/engine-health';
import { ContainersController } from './http/containers.controller';
import { EngineCommands } from './http/engine-commands';
import { EngineOperationsController } from './http/engine-operations.controller';
import { EnginesController } from './http/engines.controller';
import { FleetHealthController } from './http/fleet-health.controller';
import { FleetController } from './http/fleet.controller';
import { OrchestratorController } from './http/orchestrator.controller';
import { ProvisioningController } from './http/provisioning.controller';
import { RegistryModule } from './registry/registry.module';
import { EngineSelector } from './selection/engine.selector';
import { SlowFactCache } from './selection/slow-facts';
import { ENGINE_PLACEMENT, VpnController, vpnProviders } from './vpn';
import { WaitingRequests } from './waiting-requests';

/**
 * The fleet: which engines there are, how they are, and which one a stream gets. Needs the global modules
 * of configuration, events and metrics.
 */
@Module({
  imports: [AceModule, RegistryModule],
  controllers: [
    EnginesController,
    EngineOperationsController,
    ContainersController,
    ProvisioningController,
    FleetController,
    FleetHealthController,
    OrchestratorController,
    VpnController,
  ],
  providers: [
    { provide: DRIVER_CHOICE, useFactory: chooseDriver, inject: [CONFIG] },
    {
      provide: DockerClient,
      useFactory: ({ dockerHost }: EnginesConfig) => new DockerClient(dockerHost),
      inject: [CONFIG],
    },
    ...vpnProviders,
    {
      provide: ENGINE_DRIVER,
      useFactory: (
        choice: DriverChoice,
        config: EnginesConfig,
        registry: EngineRegistry,
        events: EventBus,
        demand: WaitingRequests,
        placement: EnginePlacement,
        docker: DockerClient,
        folder: DataFolder,
      ) => createDriver(choice, config, { registry, events, demand, placement, docker, folder }),
      inject: [
        DRIVER_CHOICE,
        CONFIG,
        EngineRegistry,
        EventBus,
        WaitingRequests,
        ENGINE_PLACEMENT,
        DockerClient,
        DataFolder,
      ],
    },
    {
      provide: FleetControl,
      useFactory: (driver: EngineDriver, config: EnginesConfig, registry: EngineRegistry) =>
        driver instanceof FleetKeeper
          ? new ManagedFleet(driver)
          : new UnmanagedFleet(config, registry),
      inject: [ENGINE_DRIVER, CONFIG, EngineRegistry],
    },
    SlowFactCache,
    EngineSupply,
    EngineHealth,
    EngineSelector,
    EngineAllocator,
    WaitingRequests,
    EngineCommands,
    EnginesMetrics,
  ],
  exports: [EngineAllocator, RegistryModule, EngineSelector, EngineSupply],
})
export class EnginesModule {}
