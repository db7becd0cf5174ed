import { Logger } from '@nestjs/common';
import { EngineFault, type EngineStat } from '../../ace';
import type { Jobs } from '../../coordination';
import { RecordingEvents } from '../../events/testing/recording-events.spec-support';
import { aDescription } from '../testing/engine.spec-support';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import { REPORT_TTL_MS, ReportedStreams, type StreamReport } from './reported-streams';

const noJobs = { every: () => undefined } as unknown as Jobs;
const { signal } = new AbortController();
const KEY = 'a'.repeat(40);

function aReport(session: string, over: Partial<StreamReport> = {}): StreamReport {
  return {
    keyType: 'infohash',
    key: KEY,
    playbackSessionId: session,
    isLive: true,
    streamId: null,
    statUrl: null,
    commandUrl: null,
    ...over,
  };
}

describe('ReportedStreams', () => {
  let events: RecordingEvents;
  let registry: EngineRegistry;
  let reported: ReportedStreams;
  let asked: unknown[];
  let fault: EngineFault | null;
  const config = { maxStreamsPerEngine: 3, maxReplicas: 10, minFreeReplicas: 1 };

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    events = new RecordingEvents();
    registry = new EngineRegistry(events);
    asked = [];
    fault = null;
    const client = {
      stat: (...request: unknown[]) => {
        asked.push(request.slice(0, 2));
        return fault === null ? Promise.resolve({} as EngineStat) : Promise.reject(fault);
      },
    };
    reported = new ReportedStreams(config, registry, client, events, noJobs);
  });
  afterEach(() => {
    reported.onModuleDestroy();
    jest.restoreAllMocks();
  });

  function anEngine(id: string): Engine {
    registry.announce(aDescription(id));
    return registry.get(id)!;
  }

  const typesSince = (count: number): string[] =>
    events.published.slice(count).map(([type]) => type);

  it('takes a slot once, whatever is repeated, and gives it back once', () => {
    const engine = anEngine('e1');
    const before = events.published.length;
    const started = reported.start(engine, aReport('s1'), 'proxy');
    expect(started).toMatchObject({ id: `${KEY}|s1`, engineId: 'e1', endedAt: null });
    expect(reported.start(engine, aReport('s1'), 'proxy')).toEqual(started);
    expect(engine.streamIds).toEqual([started.id]);
    expect(engine.leases.size).toBe(1);
    expect(engine.starts).toBe(0);
    expect(reported.end(started.id, 'proxy')).toBe(true);
    expect(reported.end(started.id, 'proxy')).toBe(false);
    expect(reported.end('unknown', 'proxy')).toBe(false);
    expect(engine.leases.size).toBe(0);
    expect(reported.find(started.id)?.endedAt).toEqual(expect.any(String));
    expect(reported.listPast()).toHaveLength(1);
    expect(events.published.slice(before)).toEqual([
      ['external_stream_started', { stream_id: started.id, engine_id: 'e1', actor: 'proxy' }],
      [
        'external_stream_ended',
        { stream_id: started.id, engine_id: 'e1', reason: 'reported', actor: 'proxy' },
      ],
    ]);
  });

  it('moves a stream that is reported on another engine', () => {
    const [one, other] = [anEngine('e1'), anEngine('e2')];
    reported.start(one, aReport('s', { streamId: 'mine' }), 'proxy');
    reported.start(other, aReport('s', { streamId: 'mine' }), 'proxy');
    expect([one.leases.size, other.leases.size]).toEqual([0, 1]);
    expect(events.payloads('external_stream_ended')).toMatchObject([{ reason: 'replaced' }]);
    expect(reported.findByKey(KEY, null)?.engineId).toBe('e2');
    expect(reported.findByKey(KEY, 'e3')).toBeNull();
  });

  it('hides keys that may contain secrets', () => {
    const url = 'http://tracker/secret.torrent';
    const report = aReport('s', { keyType: 'torrent_url', key: url });
    expect(reported.start(anEngine('e1'), report, 'proxy').id).toMatch(
      /^torrent_url-[0-9a-f]{40}\|s$/,
    );
    expect(JSON.stringify(events.published)).not.toContain('secret');
  });

  it('accepts only as many per engine as it has slots', () => {
    const engine = anEngine('e1');
    for (const session of ['1', '2', '3']) reported.start(engine, aReport(session), 'proxy');
    expect(() => reported.start(engine, aReport('4'), 'proxy')).toThrow('as it has slots');
    expect(engine.leases.size).toBe(3);
    registry.announce(aDescription('own', { maxStreams: 1 }));
    const own = registry.get('own')!;
    reported.start(own, aReport('5'), 'proxy');
    expect(() => reported.start(own, aReport('6'), 'proxy')).toThrow('as it has slots');
  });

  it.each(['removed', 'lost', 'evicted'])('ends with an engine that is %s', (what) => {
    const engine = anEngine('e1');
    reported.start(engine, aReport('s'), 'proxy');
    if (what === 'removed') registry.remove('e1', 'test');
    else if (what === 'lost') registry.lose('e1', 'test');
    else registry.evict(engine, 'test');
    expect(reported.list()).toEqual([]);
    expect(engine.leases.size).toBe(what === 'removed' ? 1 : 0);
    expect(events.payloads('external_stream_ended')).toMatchObject([{ reason: 'engine_gone' }]);
  });

  it.each([
    'http://127.0.0.1:6879/ace/stat/1',
    'http://10.0.0.1:6878/ace/stat/1',
    'https://127.0.0.1:6878/ace/stat/1',
    'http://u:p@127.0.0.1:6878/ace/stat/1',
    'http://127.0.0.1:6878/webui/api/service?method=restart',
    'http://127.0.0.1:6878/ace/stat/../../webui/api/service',
    'no address',
  ])('refuses %s, which is not the address of a session of the engine', (address) => {
    const engine = anEngine('e1');
    const start = (over: Partial<StreamReport>) => () =>
      reported.start(engine, aReport('s', over), 'proxy');
    expect(start({ statUrl: address })).toThrow('must be addresses of the engine');
    expect(start({ commandUrl: address })).toThrow('must be addresses of the engine');
    expect([engine.leases.size, asked.length]).toEqual([0, 0]);
  });

  it('asks the engine for the session, and ends the stream when the engine does not know it', async () => {
    const engine = anEngine('e1');
    registry.transition(engine, 'healthy', 'test');
    const statUrl = 'http://127.0.0.1:6878/ace/stat/1?x=2';
    reported.start(engine, aReport('s', { statUrl }), 'proxy');
    await reported.check(null, signal);
    expect(asked).toEqual([[engine.endpoint, { statPath: '/ace/stat/1?x=2' }]]);
    fault = new EngineFault('engine', 'answer_timeout', '');
    await reported.check(null, signal);
    expect(reported.list()).toHaveLength(1);
    fault = new EngineFault('session', 'unknown_session', '');
    await reported.check(null, signal);
    expect(reported.list()).toEqual([]);
    expect(events.payloads('external_stream_ended')).toMatchObject([
      { reason: 'not_at_engine', actor: null },
    ]);
  });

  it('forgets a report that is not repeated', async () => {
    const engine = anEngine('e1');
    const begin = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(begin);
    reported.start(engine, aReport('repeated'), 'proxy');
    reported.start(engine, aReport('once'), 'proxy');
    clock.mockReturnValue(begin + REPORT_TTL_MS);
    reported.start(engine, aReport('repeated'), 'proxy');
    clock.mockReturnValue(begin + REPORT_TTL_MS + 1);
    const before = events.published.length;
    await reported.check(null, signal);
    expect(reported.list().map(({ playbackSessionId }) => playbackSessionId)).toEqual(['repeated']);
    expect(typesSince(before)).toEqual(['external_stream_ended']);
  });

  it('counts for scaling on so many engines that half of MAX_REPLICAS are wanted at most', () => {
    const engines = Array.from({ length: 8 }, (_, n) => anEngine(`e${n}`));
    for (const engine of engines) {
      for (const session of ['1', '2', '3']) {
        reported.start(engine, aReport(`${engine.id}-${session}`), 'proxy');
      }
    }
    const watched = engines.filter((engine) => engine.watchedSlots > 0);
    expect(watched.map(({ id }) => id)).toEqual(['e0', 'e1', 'e2']);
    // Nearly full engines and two more, as the look-ahead wants.
    expect(watched.length + 2).toBeLessThanOrEqual(config.maxReplicas / 2);
  });
});
