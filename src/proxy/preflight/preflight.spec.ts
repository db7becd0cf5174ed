import { getEventListeners } from 'node:events';
import { LiveConfig, type AppConfig } from '../../config';
import type { EngineScheduler } from '../../engines';
import { Deferred } from '../../kernel/deferred';
import type { FilePlaybacks } from '../files';
import type { LiveStreams } from '../live';
import type { ContentResolver } from './content-resolver';
import { untilAborted } from '../testing/until.spec-support';
import { Preflight } from './preflight';

const CONTENT = { kind: 'content_id', value: 'a'.repeat(40), fileIndex: 0 } as const;
const INFOHASH = 'b'.repeat(40);

function preflight(): Preflight {
  const config = { preflightConcurrency: 2, preflightTimeoutMs: 5000 } as AppConfig;
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
    config,
    sessions,
    resolver,
    {} as EngineScheduler,
    recordings,
    new LiveConfig(config),
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
