import type { Simulator } from './simulator';

/** The times of the engine's requests to a path, ms since 1970. */
export async function journalTimes(engine: Simulator, path: string): Promise<number[]> {
  const query = `path=${encodeURIComponent(path)}`;
  const entries = (await engine.control('GET', `/__sim/journal?${query}`)) as { time: string }[];
  return entries.map(({ time }) => Date.parse(time));
}
