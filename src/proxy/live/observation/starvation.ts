import type { EngineStat } from '../../../ace';

/** Starts and short faults of a swarm are over sooner. */
const STARVING_MS = 180_000;

/**
 * Detects that the engine of a stream has had no peers and no download speed for 3 min. This happens to all streams of
 * an engine whose VPN is broken.
 */
export class Starvation {
  private engineId: string | null = null;
  private sinceMs: number | null = null;
  /** Monotonic time at which `look` last returned true. */
  private toldMs = -Infinity;

  /** How long the stream has received nothing, in ms. */
  lastsMs(nowMs: number): number {
    return this.sinceMs === null ? 0 : nowMs - this.sinceMs;
  }

  isStarving(nowMs: number): boolean {
    return this.lastsMs(nowMs) >= STARVING_MS;
  }

  /** Takes new statistics. Returns true, at most once in 3 min, if the caller must complain about the engine. */
  look(stat: EngineStat, engineId: string, nowMs: number): boolean {
    const isDry = stat.peers === 0 && stat.speedDownKBps === 0;
    if (!isDry || engineId !== this.engineId) this.sinceMs = isDry ? nowMs : null;
    this.engineId = engineId;
    if (!this.isStarving(nowMs) || nowMs - this.toldMs < STARVING_MS) return false;
    this.toldMs = nowMs;
    return true;
  }
}
