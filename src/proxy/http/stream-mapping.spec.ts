import 'reflect-metadata';
import { StreamHistory } from '../upstream';
import type { LiveStream } from '../live';
import type { StreamSnapshot } from '../streams';
import { SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { makeViewer } from '../testing/viewers.spec-support';
import { Loopback } from '../testing/loopback.spec-support';
import { toClientDto, toSessionDto, toStreamDto } from './stream-mapping';

const ID = '0'.repeat(40);
const INFOHASH = 'f'.repeat(40);

const RUNNING: StreamSnapshot = {
  id: ID,
  kind: 'live',
  selector: { kind: 'content_id', value: ID, fileIndex: 0 },
  infohash: INFOHASH,
  channel: null,
  source: null,
  state: 'live',
  isLive: true,
  engine: { id: 'static-a-6878', host: 'a', port: 6878 },
  playbackSessionId: 'session-1',
  clientCount: 2,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:02.000Z',
  endedAt: null,
  endReason: null,
  error: null,
  idleMs: 1234,
  durationMs: 60_000,
  attempts: [
    {
      engineId: 'static-a-6878',
      source: null,
      startedAt: '2026-01-01T00:00:00.100Z',
      durationMs: null,
      outcome: 'playing',
      detail: null,
    },
  ],
  timeline: {
    requestedAt: '2026-01-01T00:00:00.000Z',
    engineAnsweredAt: '2026-01-01T00:00:01.000Z',
    firstByteAt: '2026-01-01T00:00:01.500Z',
    firstPatAt: '2026-01-01T00:00:01.600Z',
    firstKeyframeAt: '2026-01-01T00:00:01.700Z',
  },
  buffer: { seconds: 12.5, bytes: 1_000_000, keyframes: 6 },
  bitrateBps: 4_000_000,
  bytesIn: 10,
  bytesOut: 20,
  pinnedBytes: 3,
  continuityErrors: 1,
  resyncs: 2,
  failovers: 4,
};

const FAILED: StreamSnapshot = {
  ...RUNNING,
  state: 'failed',
  engine: null,
  isLive: null,
  startedAt: null,
  endedAt: '2026-01-01T00:01:00.000Z',
  endReason: 'start_timeout',
  error: { code: 'start_timeout', detail: 'nothing came' },
};

describe('toSessionDto', () => {
  it('maps a running stream', () => {
    expect(toSessionDto(RUNNING)).toEqual({
      stream_id: ID,
      kind: 'live',
      ace_id: ID,
      infohash: INFOHASH,
      channel: null,
      source: null,
      engine_host: 'a',
      engine_port: 6878,
      container_id: 'static-a-6878',
      playback_session_id: 'session-1',
      is_live: true,
      is_active: true,
      state: 'live',
      client_count: 2,
      created_at: '2026-01-01T00:00:00.000Z',
      started_at: '2026-01-01T00:00:02.000Z',
      ended_at: null,
      end_reason: null,
      error: null,
      idle_seconds: 1.2,
      attempts: [
        {
          engine_id: 'static-a-6878',
          source: null,
          started_at: '2026-01-01T00:00:00.100Z',
          duration_ms: null,
          outcome: 'playing',
          detail: null,
        },
      ],
      timeline: {
        requested_at: '2026-01-01T00:00:00.000Z',
        engine_answered_at: '2026-01-01T00:00:01.000Z',
        first_byte_at: '2026-01-01T00:00:01.500Z',
        first_pat_at: '2026-01-01T00:00:01.600Z',
        first_keyframe_at: '2026-01-01T00:00:01.700Z',
      },
      buffer: { seconds: 12.5, bytes: 1_000_000, keyframes: 6 },
      bitrate_bps: 4_000_000,
      bytes_in: 10,
      bytes_out: 20,
      pinned_bytes: 3,
      continuity_errors: 1,
      resyncs: 2,
      failovers: 4,
    });
  });

  it('maps a stream of a channel', () => {
    const source = { kind: 'infohash', id: INFOHASH, label: 'HD' } as const;
    const selector = { kind: 'channel', value: 'news', fileIndex: 0 } as const;
    const attempts = [{ ...RUNNING.attempts[0]!, source: INFOHASH }];
    const session = { ...RUNNING, id: 'channel-news', selector, channel: 'news', source, attempts };
    expect(toSessionDto(session)).toMatchObject({
      stream_id: 'channel-news',
      ace_id: 'news',
      channel: 'news',
      source: { id: INFOHASH, kind: 'infohash', label: 'HD' },
      attempts: [{ source: INFOHASH }],
    });
    expect(toStreamDto(session)).toMatchObject({
      key_type: 'channel',
      key: 'news',
      channel: 'news',
      source: { id: INFOHASH, kind: 'infohash', label: 'HD' },
    });
  });

  it('maps a stream that failed before it had an engine', () => {
    expect(toSessionDto(FAILED)).toMatchObject({
      engine_host: null,
      engine_port: null,
      container_id: null,
      is_live: null,
      is_active: false,
      started_at: null,
      ended_at: '2026-01-01T00:01:00.000Z',
      error: 'start_timeout: nothing came',
    });
  });
});

describe('toStreamDto', () => {
  it('maps a running stream', () => {
    expect(toStreamDto(RUNNING)).toEqual({
      id: ID,
      kind: 'live',
      external: false,
      key_type: 'content_id',
      key: ID,
      file_index: 0,
      engine_parameters: null,
      infohash: INFOHASH,
      channel: null,
      source: null,
      container_id: 'static-a-6878',
      playback_session_id: 'session-1',
      status: 'started',
      state: 'live',
      is_live: true,
      client_count: 2,
      started_at: '2026-01-01T00:00:02.000Z',
      ended_at: null,
      end_reason: null,
      error: null,
      bitrate_bps: 4_000_000,
    });
  });

  it('maps a stream that is over', () => {
    expect(toStreamDto(FAILED)).toMatchObject({
      status: 'ended',
      end_reason: 'start_timeout',
      error: 'start_timeout: nothing came',
    });
  });
});

describe('toClientDto', () => {
  const history = new StreamHistory({ maxBytes: 8 * 1024 * 1024, maxAgeMs: 60_000 });
  const media = new SyntheticStream().take(100);
  history.append(media, 0, media.length, 0);
  history.ring.commit();
  const stream: Pick<LiveStream, 'history'> = { history };

  it('maps a viewer that waits', () => {
    const viewer = makeViewer('192.0.2.7');
    expect(toClientDto(viewer, stream)).toEqual({
      client_id: viewer.id,
      ip_address: '192.0.2.7',
      user: null,
      user_agent: 'VLC/3.0.20',
      state: 'waiting',
      connected_at: viewer.joinedAt,
      connected_s: expect.any(Number),
      bytes_sent: 0,
      behind_s: null,
      jumps: 0,
    });
  });

  it('maps a viewer that receives media', async () => {
    const loopback = await Loopback.open();
    const viewer = makeViewer();
    viewer.socket = (await loopback.pair()).near;
    viewer.queuedBytes = 5000;
    viewer.cursor = history.points.oldest()!.position;
    const client = toClientDto(viewer, stream);
    expect(client).toMatchObject({ state: 'streaming', bytes_sent: 5000 });
    expect(client.behind_s).toBeGreaterThan(3.9);
    expect(client.behind_s).toBeLessThan(4.1);
    loopback.close();
  });
});
