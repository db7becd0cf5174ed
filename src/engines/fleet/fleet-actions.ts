import type { EngineRegistry } from '../registry/engine-registry';
import type { EngineWorks } from './engine-works';
import type { FleetAction } from './fleet.types';
import type { LinkWatch } from './link-watch';
import type { Orders } from './orders';

/** Begins what was decided. What needs the runtime waits while it cannot be asked: a later pass decides it again. */
export class FleetActions {
  constructor(
    private readonly registry: EngineRegistry,
    private readonly link: LinkWatch,
    private readonly orders: Orders,
    private readonly works: EngineWorks,
  ) {}

  /** False: nothing was begun. */
  begin(action: FleetAction): boolean {
    switch (action.kind) {
      case 'provision':
        return this.link.isUp && this.orders.begin(action.why, action.replaces);
      case 'remove': {
        const { engineId, failure, why } = action;
        if (!this.mayWorkOn(engineId)) return false;
        if (failure !== null) this.orders.failStart(engineId, failure, why);
        void this.works.remove(engineId, why);
        return true;
      }
      case 'unpause':
        if (!this.mayWorkOn(action.engineId)) return false;
        void this.works.unpause(action.engineId, action.why);
        return true;
      case 'drain':
      case 'undrain':
        return this.select(action);
    }
  }

  private mayWorkOn(engineId: string): boolean {
    return this.link.isUp && !this.works.isBusy(engineId);
  }

  /** In or out of selection: the registry's matter, so it is done also while the runtime is away. */
  private select(action: Extract<FleetAction, { kind: 'drain' | 'undrain' }>): boolean {
    const engine = this.registry.get(action.engineId);
    if (engine === undefined || this.works.isRunning(engine.id)) return false;
    if (action.kind === 'undrain') {
      this.registry.undrain(engine);
      return true;
    }
    this.registry.drain(engine, action.why, 'fleet');
    if (action.evict) this.registry.evict(engine, action.why);
    return true;
  }
}
