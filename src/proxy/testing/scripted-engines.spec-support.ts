import {
  EngineLeaveWish,
  type AcquireRequest,
  type EngineAllocator,
  type EngineComplaint,
  type EngineLease,
  type EngineView,
} from '../../engines';
import { AppError } from '../../kernel/errors';
import { never } from './until.spec-support';

type Shape = Pick<
  EngineAllocator,
  | 'acquire'
  | 'onCapacityNeeded'
  | 'reconsider'
  | 'complain'
  | 'answersNow'
  | 'isNetworkConnected'
  | 'knows'
>;

function engine(id: string): EngineView {
  return {
    id,
    name: id,
    endpoint: { host: id, port: 6878 },
    apiPort: null,
    labels: {},
    forwarded: false,
    vpn: null,
    state: 'healthy',
  };
}

/** A fleet of engines `e1`, `e2`, … with so many slots each; the first that fits is taken. */
export class ScriptedEngines implements Shape {
  readonly leases = new Set<EngineLease>();
  readonly complaints: string[] = [];
  readonly disconnected = new Set<string>();
  /** Engines that answer no probe. */
  readonly frozen = new Set<string>();
  /** Set to make everybody wait for an engine. */
  gate: Promise<void> | null = null;
  private readonly engines: EngineView[];
  private readonly revocations = new Map<EngineLease, AbortController>();
  private readonly withdrawn = new Set<string>();
  private readonly wishes = new Map<string, EngineLeaveWish>();
  private readonly reclaimers = new Set<(excluded: ReadonlySet<string>) => Promise<boolean>>();

  constructor(
    count: number,
    private readonly slots: number,
  ) {
    this.engines = Array.from({ length: count }, (_, i) => engine(`e${i + 1}`));
  }

  async acquire(request: AcquireRequest): Promise<EngineLease> {
    if (this.gate !== null) await Promise.race([this.gate, never(request.signal)]);
    request.signal.throwIfAborted();
    const allowed = this.engines.filter(
      ({ id }) =>
        !request.excluded.has(id) &&
        !this.withdrawn.has(id) &&
        this.wish(id).reason === null &&
        (request.only ?? id) === id,
    );
    if (allowed.length === 0) throw new AppError('engine_failed', 'Every engine failed.');
    for (;;) {
      const free = allowed.find(({ id }) => this.inUse(id) < this.slots);
      if (free !== undefined) return this.lease(free, request);
      let hasFreed = false;
      if (request.mayReclaim !== false) {
        for (const reclaim of this.reclaimers) hasFreed ||= await reclaim(request.excluded);
      }
      if (!hasFreed) throw new AppError('no_capacity', 'Every engine is full.');
    }
  }

  onCapacityNeeded(reclaim: (excluded: ReadonlySet<string>) => Promise<boolean>): () => void {
    this.reclaimers.add(reclaim);
    return () => this.reclaimers.delete(reclaim);
  }

  reconsider(): void {
    // Here nobody waits for a slot.
  }

  complain(engineId: string, complaint: EngineComplaint): void {
    this.complaints.push(`${engineId}: ${complaint}`);
  }

  answersNow(engineId: string): Promise<boolean> {
    return Promise.resolve(!this.frozen.has(engineId));
  }

  isNetworkConnected(engineId: string): boolean {
    return !this.disconnected.has(engineId);
  }

  /** Takes the engine away from its streams, and out of the fleet. */
  withdraw(id: string, reason: string): void {
    this.withdrawn.add(id);
    for (const lease of this.leases) {
      if (lease.engine.id === id) this.revocations.get(lease)?.abort(new Error(reason));
    }
  }

  /** Streams are to leave the engine by plan; null takes that back. */
  drain(id: string, reason: string | null): void {
    this.wish(id).set(reason);
  }

  knows(id: string): boolean {
    return this.engines.some((one) => one.id === id);
  }

  /** Slots in use, on one engine or on all. */
  inUse(id?: string): number {
    return [...this.leases].filter(({ engine: { id: of } }) => id === undefined || of === id)
      .length;
  }

  private wish(id: string): EngineLeaveWish {
    const known = this.wishes.get(id) ?? new EngineLeaveWish();
    this.wishes.set(id, known);
    return known;
  }

  private lease(
    view: EngineView,
    { streamId, isFirstStart = false, isWanted = () => true }: AcquireRequest,
  ): EngineLease {
    const revocation = new AbortController();
    let isUnproved = isFirstStart;
    const lease: EngineLease = {
      get isWanted() {
        return isWanted();
      },
      get isUnproved() {
        return isUnproved;
      },
      prove: () => (isUnproved = false),
      engine: view,
      streamId,
      revoked: revocation.signal,
      unwanted: this.wish(view.id),
      isVacated: false,
      vacate: () => undefined,
      release: () => this.leases.delete(lease),
    };
    this.leases.add(lease);
    this.revocations.set(lease, revocation);
    return lease;
  }
}
