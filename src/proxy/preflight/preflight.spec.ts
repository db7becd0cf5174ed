import { getEventListeners } from 'node:events';
import { LiveConfig, type AppConfig } from '../../config';
import type { EngineScheduler } from '../../engines';
import { Deferred } from '../../kernel/deferred';
import type { FilePlaybacks } from '../files';
import type { LiveStreams } from '../live';
import type { ContentResolver } from './content-resolver';
import { until, untilAborted } from '../testing/until.spec-support';
import { Preflight } from './preflight';

const CONTENT = { kind: 'content_id', value: 'a'.repeat(40), fileIndex: 0 } as const;
const INFOHASH = 'b'.repeat(40);

function preflight(
  settings = new LiveConfig({ preflightConcurrency: 2, preflightTimeoutMs: 5000 } as AppConfig),
): Preflight {
  const sessions = {
    sourcesOf: () => [CONTENT],
    lookup: () => null,
    countCheck: () => undefined,
    knownFault: () => null,
    list: () => [],
  } as unknown as LiveStreams;
  const found = {
    resolution: { infohash: INFOHASH, name: 'news', isLive: 1 },
    selector: CONTENT,
    engineId: 'e1',
  };
  const resolver = { resolveFirst: () => Promise.resolve(found) } as unknown as ContentResolver;
  const recordings = { find: () => null } as unknown as FilePlaybacks;
  return new Preflight(
    settings.values,
    sessions,
    resolver,
    {} as EngineScheduler,
    recordings,
    settings,
  );
}

/** Counts what a signal holds: its listeners, and the dependents that `AbortSignal.any` adds and Node never removes. */
function followersOf(signal: AbortSignal): number {
  const key = Object.getOwnPropertySymbols(signal).find(
    ({ description }) => description === 'kDependantSignals',
  );
  const held = key === undefined ? null : (signal as unknown as Record<symbol, unknown>)[key];
  const entries = (held as { readonly size: number } | null)?.size ?? 0;
  return entries + getEventListeners(signal, 'abort').length;
}

describe('Preflight', () => {
  it('leaves no listener on signals that live as long as the process', async () => {
    const check = preflight();
    const { closing } = check as unknown as { readonly closing: AbortController };
    for (let n = 0; n < 20; n++) {
      const verdict = await check.check(CONTENT, 'light', '::1', new AbortController().signal);
      expect(verdict).toMatchObject({ playable: true, infohash: INFOHASH });
    }
    expect(followersOf(closing.signal)).toBe(0);
  });

  it('follows changes of PREFLIGHT_CONCURRENCY: a waiting check begins at once', async () => {
    const settings = new LiveConfig({
      preflightConcurrency: 1,
      preflightTimeoutMs: 60_000,
    } as AppConfig);
    const check = preflight(settings);
    const { resolver } = check as unknown as { readonly resolver: ContentResolver };
    let asked = 0;
    resolver.resolveFirst = (_, signal) => {
      asked += 1;
      return untilAborted(signal);
    };
    const light = () => check.check(CONTENT, 'light', '::1', new AbortController().signal);
    const checks = Promise.allSettled([light(), light(), light()]);
    await until(() => asked === 1);
    settings.apply({ preflightConcurrency: 3 });
    await until(() => asked === 3);
    check.onModuleDestroy();
    await checks;
  });

  it('follows changes of PREFLIGHT_TIMEOUT', async () => {
    const settings = new LiveConfig({
      preflightConcurrency: 1,
      preflightTimeoutMs: 60_000,
    } as AppConfig);
    const check = preflight(settings);
    const { resolver } = check as unknown as { readonly resolver: ContentResolver };
    resolver.resolveFirst = (_, signal) => untilAborted(signal);
    settings.apply({ preflightTimeoutMs: 50 });
    const verdict = check.check(CONTENT, 'light', '::1', new AbortController().signal);
    await expect(verdict).rejects.toMatchObject({ detail: 'No engine answered in time.' });
  });

  it('ends a running check when the process ends', async () => {
    const check = preflight();
    const { resolver } = check as unknown as { readonly resolver: ContentResolver };
    const asked = new Deferred<AbortSignal>();
    resolver.resolveFirst = (_, signal) => {
      asked.resolve(signal);
      return untilAborted(signal);
    };
    const verdict = check.check(CONTENT, 'light', '::1', new AbortController().signal);
    const ended = expect(verdict).rejects.toMatchObject({ code: 'shutting_down' });
    await asked.promise;
    check.onModuleDestroy();
    await ended;
  });
});
