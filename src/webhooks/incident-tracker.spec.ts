import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job, Jobs } from '../coordination';
import type { DomainEventPayloads, DomainEventType, RecordedEvent } from '../events';
import { DataFolder } from '../storage';
import { IncidentTracker } from './incident-tracker';
import type { Notice } from './notice';

const HOLD_MS = 10_000;

describe('IncidentTracker', () => {
  let dataDir: string;
  let folder: DataFolder;
  let tracker: IncidentTracker;
  let told: Notice[];
  let nowMs: number;
  /** Delay of the scheduled job; null if there is none. */
  let delayMs: number | null;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'acefleet-incidents-'));
    nowMs = 1_000_000;
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
    await start();
  });

  afterEach(async () => {
    await stop();
    jest.restoreAllMocks();
    rmSync(dataDir, { recursive: true });
  });

  const config = { webhookHoldMs: HOLD_MS };

  async function start(): Promise<void> {
    folder = new DataFolder(dataDir);
    await folder.open();
    delayMs = null;
    const jobs = {
      schedule: (_: Job, options: { delayMs: number }) => (delayMs = options.delayMs),
      cancel: () => (delayMs = null),
    } as unknown as Jobs;
    tracker = new IncidentTracker(config, folder, jobs);
    told = [];
    tracker.onNotice((notice) => told.push(notice));
    await tracker.onModuleInit();
    tracker.onApplicationBootstrap();
  }

  async function stop(): Promise<void> {
    await tracker.onModuleDestroy();
    await folder.close();
  }

  /** Lets the time of the job come. */
  function runJob(): void {
    if (delayMs === null) throw new Error('no job is scheduled');
    nowMs += delayMs;
    delayMs = null;
    tracker.passTime();
  }

  function take<T extends DomainEventType>(type: T, payload: DomainEventPayloads[T]): void {
    const event: RecordedEvent = { id: 1, type, time: '2026-01-01T00:00:00Z', payload };
    tracker.take(event);
  }

  const vpn = (to: string): void =>
    take('vpn_state_changed', { vpn: 'v', from: 'unknown', to, reason: 'r' });

  const kinds = (): string[] => told.map(({ kind, subject }) => `${kind} ${subject}`);

  it('tells of a problem after the hold, of its end, and then needs no job and no row', async () => {
    vpn('down');
    expect([kinds(), delayMs]).toEqual([[], HOLD_MS]);
    runJob();
    expect(kinds()).toEqual(['problem vpn:v']);
    expect(delayMs).toBeNull();
    nowMs += 60_000;
    vpn('up');
    expect(kinds()).toEqual(['problem vpn:v', 'recovery vpn:v']);
    runJob();
    expect([told.length, delayMs]).toEqual([2, null]);
    await stop();
    await start();
    vpn('up');
    expect([kinds(), delayMs]).toEqual([[], null]);
  });

  it('follows changes of WEBHOOK_HOLD with the next problem', () => {
    config.webhookHoldMs = 3 * HOLD_MS;
    vpn('down');
    expect(delayMs).toBe(3 * HOLD_MS);
    config.webhookHoldMs = HOLD_MS;
    take('breaker_changed', { from: 'closed', to: 'open', reason: 'r' });
    expect(delayMs).toBe(HOLD_MS);
  });

  it('tells of the end of a problem from before a restart', async () => {
    vpn('down');
    runJob();
    await stop();
    await start();
    vpn('down');
    expect(kinds()).toEqual([]);
    nowMs += 120_000;
    vpn('up');
    expect(told).toMatchObject([
      { kind: 'recovery', subject: 'vpn:v', durationMs: HOLD_MS + 120_000 },
    ]);
  });

  it('forgets a problem from before a restart that is not reported again', async () => {
    const breaker = (): void =>
      take('breaker_changed', { from: 'closed', to: 'open', reason: 'r' });
    breaker();
    vpn('down');
    take('channel_died', { channel: 'c' });
    runJob();
    expect(told).toHaveLength(3);
    await stop();
    await start();
    vpn('down');
    nowMs += 2 * 60 * 60_000;
    tracker.passTime();
    expect(kinds()).toEqual([]);
    breaker();
    runJob();
    expect(kinds()).toEqual(['problem fleet']);
    vpn('up');
    take('channel_recovered', { channel: 'c' });
    expect(kinds().slice(1)).toEqual(['recovery vpn:v', 'recovery channel:c']);
  });

  it('keeps the sides of a subject apart, and ends them together when it is gone', () => {
    const stream = { stream_id: 's', engine_id: null };
    take('breaker_changed', { from: 'closed', to: 'open', reason: 'r' });
    take('engine_order_failed', { order: 'o', code: 'image_missing', reason: 'r' });
    take('stream_stalled', { ...stream, reason: 'silence' });
    runJob();
    expect(kinds().sort()).toEqual(['problem fleet', 'problem fleet', 'problem stream:s']);
    take('breaker_changed', { from: 'half_open', to: 'closed', reason: 'r' });
    expect(told.at(-1)?.text).toContain('circuit breaker');
    take('engine_added', { engine_id: 'e', host: 'h', port: 1 });
    expect(kinds().slice(3)).toEqual(['recovery fleet', 'recovery fleet']);
    const ended = { ...stream, reason: 'no_viewers' } as DomainEventPayloads['stream_ended'];
    take('stream_ended', ended);
    expect(kinds().at(-1)).toBe('recovery stream:s');
  });

  it('forgets the oldest incidents beyond its limit', () => {
    for (let n = 0; n < 1005; n++) {
      nowMs += 1;
      take('channel_died', { channel: `c${n}` });
    }
    nowMs += HOLD_MS;
    tracker.passTime();
    expect(told).toHaveLength(1000);
    expect(told[0]?.subject).toBe('channel:c5');
  });

  it('forgets a subject that is gone', () => {
    const failing = (id: string): void =>
      take('webhook_state_changed', {
        ...{ webhook_id: id, name: id, from: 'ok', to: 'failing', reason: 'r' },
      });
    failing('a');
    failing('b');
    tracker.forget('webhook:a');
    runJob();
    expect(kinds()).toEqual(['problem webhook:b']);
  });

  it('forgets everything on demand', () => {
    vpn('down');
    runJob();
    tracker.clear();
    vpn('up');
    expect(kinds()).toEqual(['problem vpn:v']);
  });
});
