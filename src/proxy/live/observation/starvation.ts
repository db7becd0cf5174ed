import type { EngineStat } from '../../../ace';

/** This is longer than any start and any short fault of a swarm. */
const STARVING_MS = 180_000;

/**
 * Detects that the engine of a stream receives nothing from its network: no peers and no download speed for 3 min. An
 * engine behind a broken VPN starves all its streams.
 */
export class Starvation {
  private engineId: string | null = null;
  private sinceMs: number | null = null;
  private toldMs = -Infinity;

  /** How long the stream has received nothing, in ms. */
  lastsMs(nowMs: number): number {
    return this.sinceMs === null ? 0 : nowMs - this.sinceMs;
  }

  isStarving(nowMs: number): boolean {
    return this.lastsMs(nowMs) >= STARVING_MS;
  }

  /** Returns true if a complaint about the engine is due, at most once in 3 min. */
  look(stat: EngineStat, engineId: string, nowMs: number): boolean {
    const isDry = stat.peers === 0 && stat.speedDownKBps === 0;
    if (!isDry || engineId !== this.engineId) this.sinceMs = isDry ? nowMs : null;
    this.engineId = engineId;
    if (!this.isStarving(nowMs) || nowMs - this.toldMs < STARVING_MS) return false;
    this.toldMs = nowMs;
    return true;
  }
}
