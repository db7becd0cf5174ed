import type { AceEngineClient, EngineSession } from '../../../ace';
import type { SlotLease } from '../../../engines';
import type { CurrentEngine } from '../live-phase';

/** What is still to be done at engines that a stream has left: stops, and slots to be given back after them. */
export class PendingReleases {
  private readonly pending = new Set<Promise<void>>();

  track(work: Promise<void>): Promise<void> {
    const tracked: Promise<void> = work.finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
    return tracked;
  }

  /** Resolves when nothing is left to do, also of what was added meanwhile. */
  async settled(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }
}

/**
 * A stream's time on one engine, from the slot it was given until that is free again. Every engine session that was
 * started there is stopped on every way out.
 */
export class EngineSource {
  private engineSession: EngineSession | null = null;
  /** Engine sessions that a newer one of the same content has replaced. */
  private superseded: EngineSession[] = [];
  private readonly stops = new Set<Promise<unknown>>();
  private isGivenAway = false;

  constructor(
    readonly lease: SlotLease,
    private readonly ace: AceEngineClient,
    private readonly pendingReleases: PendingReleases,
  ) {}

  get current(): CurrentEngine {
    return { lease: this.lease, engineSession: this.engineSession };
  }

  get engineId(): string {
    return this.lease.engine.id;
  }

  /** From now on `engineSession` is the one to read and to stop; one that it replaces is stopped with it. */
  use(engineSession: EngineSession): void {
    const replaced = this.engineSession;
    if (replaced !== null && replaced !== engineSession) this.superseded.push(replaced);
    this.engineSession = engineSession;
  }

  /** The engine session is another stream's from now on: a stop would freeze that one's reader. */
  handOver(): void {
    this.engineSession = null;
  }

  /** Engine session and slot are somebody else's from now on. */
  giveAway(): void {
    this.handOver();
    this.isGivenAway = true;
  }

  /** Stops the engine session under way, in the background; `stop` itself is bounded and never throws. */
  stop(): Promise<void> {
    if (this.engineSession === null) return Promise.resolve();
    const sessions = [...this.superseded, this.engineSession];
    this.superseded = [];
    this.engineSession = null;
    const { endpoint } = this.lease.engine;
    const stop = Promise.all(sessions.map((session) => this.ace.stop(endpoint, session)));
    this.stops.add(stop);
    return this.pendingReleases.track(stop.then(() => undefined));
  }

  /** Leaves the engine: its session is stopped, then the slot is free. */
  leave(): void {
    if (this.isGivenAway) return;
    this.lease.beginRelease();
    void this.stop();
    void this.pendingReleases.track(Promise.all(this.stops).then(() => this.lease.release()));
  }
}
