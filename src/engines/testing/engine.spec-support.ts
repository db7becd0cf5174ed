import type { Engine } from '../registry/engine';
import type { EngineRegistry } from '../registry/engine-registry';
import type { EngineDescription } from '../registry/engine.types';
import type { HeldSlot, SlotRevocation } from '../registry/held-slot';
import type { Candidate } from '../selection/candidate';
import type { EnginesConfig } from '../engines-config';

/** An engine of this machine, behind no VPN, as a driver announces it. */
export function aDescription(
  id = 'sim-1',
  over: Partial<EngineDescription> = {},
): EngineDescription {
  return {
    id,
    name: id,
    endpoint: { host: '127.0.0.1', port: 6878 },
    apiPort: null,
    labels: {},
    forwarded: false,
    vpn: null,
    ...over,
  };
}

/** An idle, healthy engine as selection sees it. */
export function aCandidate(over: Partial<Candidate> = {}): Candidate {
  return {
    id: 'engine-1',
    state: 'healthy',
    activeStreams: 0,
    maxStreams: 3,
    isBusy: false,
    forwarded: false,
    vpnHealthy: null,
    networkConnected: true,
    excluded: false,
    lastReservation: 0,
    ...over,
  };
}

/** What each score weighs when nothing else is set. */
export const WEIGHTS = {
  selectionWeightForwarded: 1000,
  selectionWeightActiveStream: -10,
  selectionWeightUnhealthy: -1000,
  selectionWeightSuspect: -500,
} as const satisfies Partial<EnginesConfig>;

/** A slot whose stream does nothing about a revocation. */
export class IdleSlot implements HeldSlot {
  revocation: SlotRevocation | null = null;
  readonly isCheckOnly = false;

  constructor(
    readonly streamId: string,
    readonly isWatched = true,
  ) {}

  get isRevoked(): boolean {
    return this.revocation !== null;
  }

  revoke(reason: SlotRevocation): void {
    this.revocation = reason;
  }
}

/** Lets a stream take a slot of the engine. */
export function occupy(registry: EngineRegistry, engine: Engine, streamId: string): IdleSlot {
  const slot = new IdleSlot(streamId);
  registry.occupy(engine, slot);
  return slot;
}
