import type { EngineStat } from '../../../ace';

/** Longer than any start and any short fault of a swarm. */
const STARVING_MS = 180_000;

/**
 * Detects that a stream receives nothing from its engine's network: neither peers nor speed for three minutes. An engine
 * behind a broken VPN starves all its streams.
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

  /** True when a complaint about the engine is due: once in three minutes. */
  look(stat: EngineStat, engineId: string, nowMs: number): boolean {
    const isDry = stat.peers === 0 && stat.speedDownKBps === 0;
    if (!isDry || engineId !== this.engineId) this.sinceMs = isDry ? nowMs : null;
    this.engineId = engineId;
    if (!this.isStarving(nowMs) || nowMs - this.toldMs < STARVING_MS) return false;
    this.toldMs = nowMs;
    return true;
  }
}
