import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import type { ChannelDirectory, ChannelLiveness, ListedChannel } from '../channels';
import { SourceRecords } from '../channels';
import type { AppConfig } from '../config';
import type { EngineRegistry } from '../engines';
import { EventBus } from '../events';
import { Deferred } from '../kernel/deferred';
import { AppError } from '../kernel/errors';
import { MetricsRegistry } from '../metrics';
import type { Preflight, PreflightVerdict } from '../proxy';
import { ManualJobs } from '../proxy/testing/manual-jobs.spec-support';
import type { CheckRun } from './check-run';
import { Checker } from './checker';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];

const WORKING: PreflightVerdict = {
  ...{ tier: 'deep', source: 'engine', playable: true, reason: null, detail: null },
  ...{ retryAfterS: null, infohash: null, name: null, isLive: true, engineId: 'e1' },
  sample: null,
};

interface Probe {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly verdict: Deferred<PreflightVerdict>;
}

/** A checker whose probes the test answers. */
class Stage {
  readonly probes: Probe[] = [];
  readonly played = new Set<string>();
  readonly records = new SourceRecords();
  readonly events = new EventBus();
  readonly listed: ListedChannel[] = [];
  readonly jobs = new ManualJobs((job) => {
    if (job.name === 'source.check') void this.checker.check(job.data, this.closing.signal);
  });
  readonly checker: Checker;
  readonly config: AppConfig;
  readonly timeouts: number[] = [];
  private readonly closing = new AbortController();

  constructor(config: Partial<AppConfig> = {}) {
    const channels = {
      get: (id: string) => this.listed.find((channel) => channel.id === id) ?? null,
      listVisible: () => this.listed,
    };
    const liveness = {
      onChange: () => undefined,
      channelsOf: (key: string) =>
        this.listed
          .filter(({ sources }) => sources.some(({ id }) => key.endsWith(id)))
          .map(({ id }) => id),
      deadCount: 0,
    };
    const preflight = {
      known: () => null,
      isChannelPlayed: (id: string) => this.played.has(id),
      probe: (
        { value }: { value: string },
        { timeoutMs }: { timeoutMs: number },
        signal: AbortSignal,
      ) => {
        this.timeouts.push(timeoutMs);
        return this.probe(value, signal);
      },
    };
    const engines = { isAnyConnected: true };
    this.config = {
      ...{ sourceCheckConcurrency: 2, sourceCheckIntervalMs: 0, sourceCheckTimeoutMs: 1000 },
      ...{ engineDriver: 'static', preflightKeepFree: 1, ...config },
    } as AppConfig;
    this.checker = new Checker(
      this.config,
      this.jobs,
      channels as unknown as ChannelDirectory,
      this.records,
      liveness as unknown as ChannelLiveness,
      preflight as unknown as Preflight,
      engines as unknown as EngineRegistry,
      this.events,
      new MetricsRegistry(),
    );
  }

  list(id: string, ...sources: string[]): void {
    const unlisted = { name: id, number: 1, group: null, logo: null, tvgId: null };
    this.listed.push({
      ...{ ...unlisted, id, isHidden: false, origin: 'api' },
      sources: sources.map((source) => ({ kind: 'content_id', id: source, label: null })),
    });
  }

  /** Runs the jobs that are due, and lets what follows happen. */
  async work(): Promise<void> {
    this.jobs.runAll();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async answer(probe: number, verdict: Partial<PreflightVerdict> | AppError = {}): Promise<void> {
    const { verdict: outcome } = this.probes[probe]!;
    if (verdict instanceof AppError) outcome.reject(verdict);
    else outcome.resolve({ ...WORKING, ...verdict });
    await new Promise((resolve) => setImmediate(resolve));
  }

  private probe(id: string, signal: AbortSignal): Promise<PreflightVerdict> {
    const verdict = new Deferred<PreflightVerdict>();
    this.probes.push({ id, signal, verdict });
    signal.addEventListener('abort', () => verdict.reject(signal.reason));
    return verdict.promise;
  }
}

let stage: Stage;

function tallies({ total, counts, state }: CheckRun): object {
  return { state, total, ...counts };
}

beforeEach(() => {
  Logger.overrideLogger(false);
  stage = new Stage();
});
afterEach(() => {
  stage.checker.onModuleDestroy();
  Logger.overrideLogger(['error', 'warn', 'log']);
});

describe('Checker', () => {
  it('checks as many sources at once as allowed, each once, and records the results', async () => {
    stage.list('news', A, B);
    stage.list('sport', B, C);
    const run = stage.checker.checkAll(null);
    await stage.work();
    expect(stage.probes.map(({ id }) => id)).toEqual([A, B]);
    await stage.answer(0);
    await stage.work();
    expect(stage.probes.map(({ id }) => id)).toEqual([A, B, C]);
    await stage.answer(1, { playable: false, reason: 'start_timeout' });
    await stage.answer(2, new AppError('engine_failed', 'x'));
    const counts = { working: 1, failed: 1, skipped: 1 };
    expect(tallies(run)).toEqual({ state: 'finished', total: 3, ...counts });
    expect(stage.records.of({ kind: 'content_id', id: A }).check).toMatchObject({
      outcome: 'working',
    });
    expect(stage.records.isDead({ kind: 'content_id', id: B })).toBe(true);
    expect(stage.records.of({ kind: 'content_id', id: C }).check).toBeNull();
    expect(stage.checker.lastRun).toBe(run);
  });

  it('waits when there is no room, without a result', async () => {
    stage.list('news', A);
    const run = stage.checker.checkChannel('news');
    await stage.work();
    await stage.answer(0, new AppError('no_capacity', 'x'));
    expect(stage.checker.active).toMatchObject([{ isUnderWay: false }]);
    expect([...stage.jobs.pending.values()]).toMatchObject([{ delayMs: 2000 }]);
    await stage.work();
    await stage.answer(1);
    expect(tallies(run)).toMatchObject({ state: 'finished', working: 1 });
  });

  it('shares a check between runs, and checks a single channel before the others', async () => {
    stage = new Stage({ sourceCheckConcurrency: 1 });
    stage.list('news', A, B);
    stage.list('sport', B);
    const all = stage.checker.checkAll(null);
    const sport = stage.checker.checkChannel('sport');
    expect(stage.checker.checkChannel('sport')).toBe(sport);
    await stage.work();
    await stage.answer(0);
    await stage.work();
    expect(stage.probes.map(({ id }) => id)).toEqual([A, B]);
    await stage.answer(1);
    expect([all, sport].map(tallies)).toMatchObject([{ working: 2 }, { working: 1 }]);
  });

  it('leaves the sources of a channel that is played alone, and ends their check at once', async () => {
    stage.list('news', A);
    stage.list('sport', B);
    const run = stage.checker.checkAll(null);
    await stage.work();
    stage.played.add('news');
    stage.events.publish('stream_requested', { stream_id: 's', selector: 'x' });
    await stage.work();
    await stage.work();
    expect(stage.probes.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    await stage.answer(1);
    expect(tallies(run)).toMatchObject({ state: 'finished', working: 1, skipped: 1 });
    const again = stage.checker.checkChannel('news');
    await stage.work();
    expect([tallies(again), stage.probes.length]).toMatchObject([{ skipped: 1 }, 2]);
  });

  it('ends only the checks that no other run waits for when a run is stopped', async () => {
    stage.list('news', A, B);
    stage.list('sport', B);
    const all = stage.checker.checkAll(null);
    const sport = stage.checker.checkChannel('sport');
    await stage.work();
    expect(stage.checker.stop(all.id)).toBe(all);
    expect(stage.checker.stop(all.id)).toBeNull();
    const aborted = stage.probes.filter(({ signal }) => signal.aborted);
    expect(aborted.map(({ id }) => id)).toEqual([A]);
    await stage.answer(stage.probes.findIndex(({ id }) => id === B));
    expect([all, sport].map(tallies)).toMatchObject([
      { state: 'stopped', working: 0 },
      { state: 'finished', working: 1 },
    ]);
    expect(stage.records.of({ kind: 'content_id', id: A }).check).toBeNull();
  });

  it('checks by schedule what is due, in one run', async () => {
    stage = new Stage({ sourceCheckIntervalMs: 3_600_000 });
    stage.list('news', A, B);
    stage.checker.schedule();
    stage.checker.schedule();
    await stage.work();
    await stage.answer(0);
    stage.checker.schedule();
    await stage.work();
    expect(stage.probes.map(({ id }) => id)).toEqual([A, B]);
    await stage.answer(1);
    stage.checker.schedule();
    const [run, ...others] = stage.checker.activeRuns;
    expect(others).toEqual([]);
    expect(run).toMatchObject({ trigger: 'schedule', state: 'running', total: 2 });
    expect(stage.checker.active).toEqual([]);
  });

  it('checks nothing more by schedule in this interval after its run was stopped', async () => {
    stage = new Stage({ sourceCheckIntervalMs: 3_600_000 });
    stage.list('news', A, B);
    stage.checker.schedule();
    await stage.work();
    stage.checker.stop(stage.checker.activeRuns[0]!.id);
    stage.checker.schedule();
    await stage.work();
    expect([stage.checker.activeRuns, stage.probes.length]).toEqual([[], 1]);
  });

  it('follows changes of SOURCE_CHECK_INTERVAL, SOURCE_CHECK_CONCURRENCY and SOURCE_CHECK_TIMEOUT', async () => {
    stage = new Stage({ sourceCheckConcurrency: 1 });
    stage.list('news', A, B);
    stage.checker.schedule();
    await stage.work();
    expect(stage.probes).toEqual([]);
    Object.assign(stage.config, { sourceCheckIntervalMs: 120_000, sourceCheckTimeoutMs: 7000 });
    stage.checker.schedule();
    await stage.work();
    expect([stage.probes.length, stage.timeouts]).toEqual([1, [7000]]);
    Object.assign(stage.config, { sourceCheckConcurrency: 2 });
    stage.checker.checkAll(null);
    await stage.work();
    expect(stage.probes.map(({ id }) => id)).toEqual([A, B]);
  });
});
