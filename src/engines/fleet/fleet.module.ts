import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { CONFIG } from '../../config';
import { usesStaticEngines } from '../drivers/driver-choice';
import { EngineDriver } from '../drivers/engine-driver.port';
import { StaticDriver } from '../drivers/static-driver';
import type { EnginesConfig } from '../engines-config';
import { AceModule } from '../../ace';
import { RegistryModule } from '../registry/registry.module';
import { VpnModule } from '../vpn';
import { EngineNotices } from './engine-notices';
import { EngineOperations } from './engine-operations';
import { EngineRollout } from './engine-rollout';
import { EngineSupply } from './engine-supply';
import { FleetControl } from './fleet-control.port';
import { FleetReconciler } from './fleet-reconciler';
import { FleetShutdown } from './fleet-shutdown';
import { ImageRefresh } from './image-refresh';
import { LimitUpdates } from './limit-updates';
import { ManagedFleet } from './managed-fleet';
import { ObservedEngines } from './observed-engines';
import { ProvisioningGate } from './provisioning-gate';
import { ProvisioningRequests } from './provisioning-requests';
import { ReconcileLoop } from './reconcile-loop';
import { RuntimeConnectivity } from './runtime-connectivity';
import { UnmanagedFleet } from './unmanaged-fleet';

/** For engines that ENGINE_ADDRESSES lists and that acefleet does not run. */
const UNMANAGED: Provider[] = [
  {
    provide: EngineDriver,
    useFactory: ({ engineAddresses }: EnginesConfig) => new StaticDriver(engineAddresses),
    inject: [CONFIG],
  },
  { provide: FleetControl, useClass: UnmanagedFleet },
];

/** For a fleet whose engines acefleet runs, through a runtime. */
const MANAGED: Provider[] = [
  ReconcileLoop,
  RuntimeConnectivity,
  ObservedEngines,
  ProvisioningGate,
  ProvisioningRequests,
  EngineOperations,
  EngineRollout,
  ImageRefresh,
  EngineNotices,
  FleetShutdown,
  LimitUpdates,
  FleetReconciler,
  { provide: EngineDriver, useExisting: FleetReconciler },
  { provide: FleetControl, useClass: ManagedFleet },
];

/**
 * Decides how many engines there are and what happens to each. Needs the global modules for configuration, events,
 * jobs and drivers.
 */
@Module({})
export class FleetModule {
  /** @param demand provides `EngineDemand` */
  static forRoot(config: EnginesConfig, demand: Type): DynamicModule {
    return {
      module: FleetModule,
      imports: [AceModule, RegistryModule, VpnModule, demand],
      providers: [...(usesStaticEngines(config) ? UNMANAGED : MANAGED), EngineSupply],
      exports: [FleetControl, EngineSupply],
    };
  }
}
