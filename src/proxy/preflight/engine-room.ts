/** The facts about an engine that a check needs; part of `Candidate`. */
export interface EngineRoom {
  readonly id: string;
  readonly state: string;
  readonly activeStreams: number;
  readonly maxStreams: number;
  readonly vpnHealthy: boolean | null;
}

/** True if the engine answers requests. Its slots may all be in use. */
export function isUsable({ state, vpnHealthy }: EngineRoom): boolean {
  return (state === 'healthy' || state === 'suspect') && vpnHealthy !== false;
}

/**
 * True if a check may take a slot: more than `keepFree` slots are free, because that many are reserved for viewers.
 * Engines that may still be created do not count.
 */
export function hasRoom(engines: readonly EngineRoom[], keepFree: number): boolean {
  const free = engines
    .filter(isUsable)
    .reduce((sum, engine) => sum + Math.max(0, engine.maxStreams - engine.activeStreams), 0);
  return free > keepFree;
}
