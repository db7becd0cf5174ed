import type { EngineStat } from '../../../ace';

/** Longer than any start and any short trouble of a swarm. */
const STARVING_MS = 180_000;

/**
 * Knows when a stream gets nothing from its engine's network: neither peers nor speed for three minutes. One engine
 * behind a VPN that lost its way starves every stream that it has.
 */
export class Starvation {
  private engineId: string | null = null;
  private sinceMs: number | null = null;
  private toldMs = -Infinity;

  /** For how long it has been so, in ms; 0 while it is not. */
  lastsMs(nowMs: number): number {
    return this.sinceMs === null ? 0 : nowMs - this.sinceMs;
  }

  isStarving(nowMs: number): boolean {
    return this.lastsMs(nowMs) >= STARVING_MS;
  }

  /** True when the engine is to be told: once per three minutes of it. */
  look(stat: EngineStat, engineId: string, nowMs: number): boolean {
    const isDry = stat.peers === 0 && stat.speedDownKBps === 0;
    if (!isDry || engineId !== this.engineId) this.sinceMs = isDry ? nowMs : null;
    this.engineId = engineId;
    if (!this.isStarving(nowMs) || nowMs - this.toldMs < STARVING_MS) return false;
    this.toldMs = nowMs;
    return true;
  }
}
