import type { DomainEventPayloads, DomainEventType, StreamTotals } from '../events';
import type { StoredStream } from '../storage';
import { StreamTracker } from './stream-tracker';

const T0 = Date.parse('2026-01-31T20:00:00Z');

const TOTALS: StreamTotals = {
  kind: 'live',
  channel: 'news',
  is_for_viewers: true,
  first_byte_ms: 300,
  bytes_in: 5000,
  bytes_out: 9000,
};

describe('StreamTracker', () => {
  let tracker: StreamTracker;
  let nowMs: number;
  let lastId: number;

  beforeEach(() => {
    nowMs = 0;
    lastId = 0;
    tracker = new StreamTracker((id) => (id === 'news' ? 'News' : null), {
      monotonicMs: () => nowMs,
      wallMs: () => T0 + nowMs,
    });
  });

  function publish<T extends DomainEventType>(
    type: T,
    payload: Omit<DomainEventPayloads[T], 'stream_id'>,
    stream = 's',
  ): void {
    const time = new Date(T0 + nowMs).toISOString();
    const event = { id: (lastId += 1), type, time, payload: { stream_id: stream, ...payload } };
    tracker.apply(event as never);
  }

  function start(): void {
    publish('stream_requested', { selector: 'channel:news:0' });
    nowMs = 400;
    publish('stream_started', { engine_id: 'e1', infohash: 'ab', start_ms: 400 });
  }

  const rows = (): readonly StoredStream[] => tracker.take().streams;

  it('adds up the life of a stream', () => {
    start();
    nowMs = 1000;
    publish('viewer_joined', { client_id: 'a' });
    nowMs = 2000;
    publish('viewer_joined', { client_id: 'b' });
    publish('stream_stalled', { engine_id: 'e1', reason: 'silence' });
    publish('stream_failed_over', { from_engine_id: 'e1', to_engine_id: 'e2', reason: 'reset' });
    publish('stream_resumed', { engine_id: 'e2', outage_ms: 1500 });
    nowMs = 5000;
    publish('viewer_left', { client_id: 'a', reason: 'hung_up', bytes_sent: 1 });
    publish('viewer_joined', { client_id: 'c' });
    const moved = { from_engine_id: 'e2', to_engine_id: 'e3', cause: 'drain', duration_ms: 1 };
    publish('stream_moved', moved as never);
    publish('stream_stalled', { engine_id: 'e3', reason: 'silence' });
    nowMs = 10_000;
    publish('stream_ended', { engine_id: 'e3', reason: 'stopped', totals: TOTALS });
    // Viewers are sent away after the end.
    publish('viewer_left', { client_id: 'b', reason: 'stopped', bytes_sent: 1 });
    expect(rows()).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
        startedAtMs: T0,
        seenAtMs: T0 + 10_000,
        streamId: 's',
        kind: 'live',
        infohash: 'ab',
        channelId: 'news',
        channelName: 'News',
        outcome: 'ended',
        reason: 'stopped',
        viewers: 3,
        peakViewers: 2,
        viewerMs: 4000 + 8000 + 5000,
        bytesIn: 5000,
        bytesOut: 9000,
        firstByteMs: 300,
        startMs: 400,
        failovers: 1,
        moves: 1,
        stallMs: 1500 + 5000,
        engines: ['e1', 'e2', 'e3'],
      },
    ]);
    expect(tracker.hasChanges).toBe(false);
  });

  it('tells of starts that failed', () => {
    publish('stream_requested', { selector: 'x' });
    const totals = { ...TOTALS, channel: null, first_byte_ms: null, bytes_in: 0, bytes_out: 0 };
    publish('stream_failed', { engine_id: 'e1', code: 'start_timeout', reason: 'x', totals });
    expect(rows()).toMatchObject([
      { outcome: 'failed', reason: 'start_timeout', startMs: null, engines: ['e1'], viewers: 0 },
    ]);
  });

  it('has a row for a running stream each time, under the same id', () => {
    start();
    publish('viewer_joined', { client_id: 'a' });
    expect(rows()).toEqual([]);
    tracker.refresh([{ id: 's', totals: TOTALS }]);
    nowMs += 60_000;
    const [first] = rows();
    expect(first).toMatchObject({ outcome: 'running', bytesIn: 5000, viewerMs: 60_000 });
    publish('stream_ended', { engine_id: null, reason: 'no_viewers', totals: TOTALS });
    expect(rows()).toMatchObject([{ id: first?.id, outcome: 'ended' }]);
  });

  it.each([
    ['checks', { reason: 'no_viewers', totals: { ...TOTALS, is_for_viewers: false } }],
    [
      'streams whose viewers continue elsewhere',
      { reason: 'joined_other_session', totals: TOTALS },
    ],
    ['streams of other programs', { reason: 'stopped' }],
  ])('drops %s', (_, end) => {
    start();
    publish('stream_ended', { engine_id: null, ...end });
    expect(tracker.take()).toMatchObject({ streams: [], dropped: [{ startedAtMs: T0 }] });
  });

  it('ends a stream whose last event was lost when it is not found twice', () => {
    start();
    tracker.refresh([{ id: 's', totals: TOTALS }]);
    tracker.refresh([]);
    expect(rows()).toMatchObject([{ outcome: 'running' }]);
    tracker.refresh([]);
    expect(rows()).toMatchObject([{ outcome: 'ended', reason: null }]);
  });

  it('follows the playback of a file under its own id, and counts its requests as one viewer', () => {
    nowMs = 1000;
    publish('stream_started', { engine_id: 'e1', infohash: null, start_ms: 700 }, 'file');
    for (const client_id of ['a', 'b', 'c']) publish('viewer_joined', { client_id }, 'file');
    const totals = { ...TOTALS, kind: 'file', channel: null } as const;
    publish('stream_ended', { engine_id: null, reason: 'no_viewers', totals }, 'file');
    expect(rows()).toMatchObject([{ kind: 'file', viewers: 1, startedAtMs: T0 + 300 }]);
  });

  it('keeps a bounded number of ended streams, and counts those that it loses', () => {
    for (let i = 0; i < 1010; i += 1) {
      publish('stream_requested', { selector: 'x' }, `s${i}`);
      publish('stream_ended', { engine_id: null, reason: 'stopped', totals: TOTALS }, `s${i}`);
    }
    expect(rows()).toHaveLength(1000);
    expect(tracker.lost).toBe(10);
  });
});
