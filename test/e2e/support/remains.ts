import { call } from './json-http';
import { openFiles } from './process-facts';
import type { Product } from './product';
import type { Simulator } from './simulator';
import { eventually } from './wait';

/** The default grace period of a stream, plus tolerance for a busy machine. */
const GONE_WITHIN_MS = 30_000;

/** A probe of an engine or a scrape may be in progress at any moment. */
const SPARE_FILES = 4;

/** The resources of the idle product, for comparison after a test. */
export interface Baseline {
  readonly openFiles: number;
}

export function baselineOf(product: Product): Baseline {
  return { openFiles: openFiles(product.pid) };
}

/**
 * Asserts that a test left nothing: no stream, no viewer, no slot, no file descriptor, and at the engines one stop
 * for every session that was opened.
 */
export async function expectNothingLeft(
  product: Product,
  engines: readonly Simulator[],
  baseline: Baseline | null = null,
  timeoutMs = GONE_WITHIN_MS,
): Promise<void> {
  await eventually(
    async () => {
      const { body } = await product.api('GET', '/proxy/status');
      expect(body).toMatchObject({ active_sessions: 0, total_clients: 0, sessions: [] });
      const { text } = await call({ port: product.port, path: '/metrics' });
      expect(text).toMatch(/^proxy_sessions_active 0$/m);
      expect(text).toMatch(/^proxy_clients_active 0$/m);
      expect(text).toMatch(/^acefleet_unsent_bytes 0$/m);
      expect(text).toMatch(/^acefleet_history_bytes 0$/m);
      const fleet = (await product.api('GET', '/engines')).body as { streams: string[] }[];
      expect(fleet.flatMap(({ streams }) => streams)).toEqual([]);
      for (const engine of engines) {
        const counters = await engine.counters();
        expect(counters).toMatchObject({ sessions_open: 0, sessions_leaked: 0, readers: 0 });
        expect(counters).toMatchObject({ second_reader_violations: 0 });
      }
      if (baseline !== null) {
        expect(openFiles(product.pid)).toBeLessThanOrEqual(baseline.openFiles + SPARE_FILES);
      }
      return true;
    },
    timeoutMs,
    'nothing left behind',
  );
  product.expectCleanLog();
}
