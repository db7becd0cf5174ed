/** What a check has to know of an engine; what selection looks at has all of it. */
export interface EngineRoom {
  readonly id: string;
  readonly state: string;
  readonly activeStreams: number;
  readonly maxStreams: number;
  readonly vpnHealthy: boolean | null;
}

/** Whether an engine answers questions; also one whose slots are all taken does. */
export function answers({ state, vpnHealthy }: EngineRoom): boolean {
  return (state === 'healthy' || state === 'suspect') && vpnHealthy !== false;
}

/**
 * Whether a check may take a slot for a moment: only while more are free than are kept for viewers. Engines that
 * may still be made do not count, for they are made for viewers.
 */
export function hasRoom(engines: readonly EngineRoom[], keepFree: number): boolean {
  const free = engines
    .filter(answers)
    .reduce((sum, engine) => sum + Math.max(0, engine.maxStreams - engine.activeStreams), 0);
  return free > keepFree;
}
