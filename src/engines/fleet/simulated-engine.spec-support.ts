import type { PlacementObjection } from '../vpn/engine-placement.port';
import { anEngine } from './fleet-snapshot.spec-support';
import type { FleetEngine } from './fleet.types';

interface Work {
  readonly kind: 'remove' | 'unpause';
  left: number;
  readonly fails: boolean;
}

const CUT_OFF = { kind: 'cut_off', reason: 'its VPN is down' } as const;

/** One engine of a `SimulatedFleet`, with the fleet's clock in milliseconds. */
export class SimulatedEngine {
  readonly id: string;
  readonly vpn: string;
  readonly createdAt: number;
  readonly replaces: string | null;
  phase: FleetEngine['phase'];
  /** Steps until its first answer; Infinity: it never answers. */
  boot: number;
  upSince: number;
  idleSince: number;
  streams = 0;
  /** Of those, streams with a revoked lease: they leave when the next step begins. */
  leaving = 0;
  /** Streams that it has started. */
  starts = 0;
  forwarded = false;
  hasVanished = false;
  isFrozen = false;
  isGone = false;
  missedListings = 0;
  unhealthySince: number | null = null;
  disconnectedSince: number | null = null;
  pausedSince: number | null = null;
  objection: PlacementObjection | null = null;
  isOutdated = false;
  drainedBy: FleetEngine['drainedBy'] = null;
  work: Work | null = null;

  constructor(
    made: Pick<SimulatedEngine, 'id' | 'vpn' | 'createdAt' | 'replaces' | 'phase' | 'boot'>,
  ) {
    this.id = made.id;
    this.vpn = made.vpn;
    this.createdAt = made.createdAt;
    this.replaces = made.replaces;
    this.phase = made.phase;
    this.boot = made.boot;
    this.upSince = made.createdAt;
    this.idleSince = made.createdAt;
  }

  get state(): FleetEngine['state'] {
    if (this.drainedBy !== null) return 'draining';
    if (this.boot > 0 || this.phase !== 'running') return 'starting';
    return this.unhealthySince === null ? 'healthy' : 'unhealthy';
  }

  /** True if it works, can be reached, and placement does not object to it. */
  isSound(downVpns: ReadonlySet<string>): boolean {
    const isHealthy = this.phase === 'running' && this.unhealthySince === null && this.boot === 0;
    const isReached = this.disconnectedSince === null && !downVpns.has(this.vpn);
    return isHealthy && isReached && this.objection === null;
  }

  /** Advances the operation on it by one step; true if that completes its removal. */
  isRemovedNow(): boolean {
    const { work } = this;
    if (work === null) return false;
    if (work.left > 0) {
      work.left -= 1;
      return false;
    }
    this.work = null;
    if (work.fails) return false;
    if (work.kind === 'unpause' && this.phase === 'paused') {
      this.phase = 'running';
      this.pausedSince = null;
    }
    return work.kind === 'remove';
  }

  live(now: number, downVpns: ReadonlySet<string>): void {
    if (this.phase !== 'running') return;
    const answers = !this.isFrozen && !downVpns.has(this.vpn);
    if (this.boot > 0 && answers) {
      this.boot -= 1;
      if (this.boot === 0) this.idleSince = now;
    }
    if (this.boot > 0 || this.drainedBy !== null) this.unhealthySince = null;
    else this.unhealthySince = answers ? null : (this.unhealthySince ?? now);
  }

  freeze(now: number, downVpns: ReadonlySet<string>): FleetEngine {
    const since = (at: number | null): number => (at === null ? 0 : now - at);
    const isCutOff = downVpns.has(this.vpn) && this.objection?.kind !== 'lost';
    return anEngine(this.id, {
      phase: this.phase,
      state: this.state,
      streams: this.streams,
      leavingStreams: this.leaving,
      starts: this.starts,
      forwarded: this.forwarded,
      hasVanished: this.hasVanished,
      idleMs: this.streams > 0 ? 0 : now - this.idleSince,
      ageMs: now - this.createdAt,
      hasStarted: this.boot === 0,
      upMs: now - this.upSince,
      unhealthyMs: since(this.unhealthySince),
      disconnectedMs: since(this.disconnectedSince),
      pausedMs: since(this.pausedSince),
      isRequested: false,
      isOutdated: this.isOutdated,
      vpn: this.vpn,
      drainedBy: this.drainedBy,
      objection: isCutOff ? CUT_OFF : this.objection,
      missedListings: this.missedListings,
      isBusy: this.work !== null,
      isBeingRemoved: this.work?.kind === 'remove',
    });
  }
}
