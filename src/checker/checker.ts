import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import {
  ChannelDirectory,
  ChannelLiveness,
  CHECK_OUTCOMES,
  selectorOf,
  sourceKey,
  SourceRecords,
  type SourceId,
} from '../channels';
import { CONFIG, type AppConfig } from '../config';
import { JobHandler, Jobs, type JobTable } from '../coordination';
import { EngineRegistry, slotsKeptFree } from '../engines';
import { EventBus } from '../events';
import { monotonicMs } from '../kernel/clock';
import { AppError } from '../kernel/errors';
import { linkAbort } from '../kernel/linked-abort';
import { MetricsRegistry } from '../metrics';
import { Preflight } from '../proxy';
import { endOfError, endOfVerdict, IN_USE, type CheckEnd } from './check-end';
import { CheckQueue, type QueuedCheck } from './check-queue';
import { CheckRun, type CheckScope, type CheckTally, type CheckTrigger } from './check-run';
import { dueSources } from './due-sources';

/** How often the schedule looks for sources that are due. */
const SCHEDULE_EVERY_MS = 60_000;
/** A check for which no slot was free is tried again after this time. */
const ROOM_EVERY_MS = 2_000;
const MAX_RUNS = 100;
const MAX_PAST_RUNS = 20;

const ALL: CheckScope = { channel: null, group: null };

/**
 * Checks the sources of channels, on request or by schedule: starts each on an engine, receives media and stops it.
 * The slots of checks have the class `probe`: they are taken only while enough slots are free for viewers, and given up
 * as soon as a stream needs them. Contents in use are not started; the facts about their running stream are recorded
 * instead.
 */
@Injectable()
export class Checker implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(Checker.name);
  private readonly queue = new CheckQueue();
  private readonly runs = new Set<CheckRun>();
  /** Newest first. */
  private readonly past: CheckRun[] = [];
  /** The checks under way. */
  private readonly aborts = new Map<QueuedCheck, AbortController>();
  private readonly counter;
  private readonly unsubscribe: () => void;
  /** The schedule is suspended until this time, because its run was stopped. Monotonic ms. */
  private suspendedUntilMs = -Infinity;
  private isClosed = false;

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly jobs: Jobs,
    private readonly channels: ChannelDirectory,
    private readonly records: SourceRecords,
    private readonly liveness: ChannelLiveness,
    private readonly preflight: Preflight,
    private readonly engines: EngineRegistry,
    private readonly events: EventBus,
    metrics: MetricsRegistry,
  ) {
    this.counter = metrics.counter(
      'acefleet_source_checks_total',
      'Checks of the sources of channels, by outcome.',
      { labels: { outcome: [...CHECK_OUTCOMES, 'skipped'] } },
    );
    metrics.gauge(
      'acefleet_source_checks_waiting',
      'Sources that wait for their check.',
      () => this.waitingCount,
    );
    metrics.gauge('acefleet_channels_dead', 'Channels without a source that is alive.', () => {
      return liveness.deadCount;
    });
    liveness.onChange((channel, isDead) =>
      events.publish(isDead ? 'channel_died' : 'channel_recovered', { channel }),
    );
    this.unsubscribe = events.subscribe(({ type }) => {
      if (type === 'stream_requested') this.leaveToViewers();
    });
  }

  onModuleInit(): void {
    this.jobs.every('source.schedule', SCHEDULE_EVERY_MS);
  }

  onModuleDestroy(): void {
    this.isClosed = true;
    this.unsubscribe();
    for (const abort of this.aborts.values()) abort.abort(closing());
  }

  /** The sources that are being checked, and whether the check is under way or waits for a free slot. */
  get active(): { readonly source: SourceId; readonly isUnderWay: boolean }[] {
    return this.queue.active.map((check) => ({
      source: check.source,
      isUnderWay: this.aborts.has(check),
    }));
  }

  get waitingCount(): number {
    return this.queue.waitingCount;
  }

  /** The runs that have not ended, oldest first. */
  get activeRuns(): readonly CheckRun[] {
    return [...this.runs];
  }

  get lastRun(): CheckRun | null {
    return this.past[0] ?? null;
  }

  find(runId: string): CheckRun | null {
    return [...this.runs, ...this.past].find(({ id }) => id === runId) ?? null;
  }

  /** @throws AppError `not_found`; `conflict` if there are too many runs */
  checkChannel(id: string): CheckRun {
    const channel = this.channels.get(id);
    if (channel === null) throw new AppError('not_found', 'There is no such channel.');
    return this.request({ channel: id, group: null }, channel.sources);
  }

  /**
   * Checks the visible channels.
   *
   * @param group null: of all groups
   * @throws AppError `not_found` if no visible channel has the group; `conflict` if there are too many runs
   */
  checkAll(group: string | null): CheckRun {
    const channels = this.channels
      .listVisible()
      .filter((channel) => group === null || channel.group === group);
    if (group !== null && channels.length === 0) {
      throw new AppError('not_found', 'No visible channel has this group.');
    }
    return this.request(
      { channel: null, group },
      channels.flatMap(({ sources }) => sources),
    );
  }

  /**
   * Ends the run and the checks that only it waits for. After a run by schedule, nothing is checked by schedule until
   * the next interval. Returns null if there is no such run, or if it has ended.
   */
  stop(runId: string): CheckRun | null {
    const run = [...this.runs].find(({ id }) => id === runId);
    if (run === undefined) return null;
    for (const check of this.queue.remove(run)) {
      this.jobs.cancel('source.check', check.key);
      this.aborts.get(check)?.abort(closing());
    }
    if (run.trigger === 'schedule') this.suspendedUntilMs = run.openUntilMs;
    this.end(run, 'stopped');
    this.takeNext();
    return run;
  }

  /** Queues the sources that are due. */
  @JobHandler('source.schedule')
  schedule(): void {
    const { sourceCheckIntervalMs: intervalMs } = this.config;
    const nowMs = monotonicMs();
    if (intervalMs === 0 || nowMs < this.suspendedUntilMs) return;
    const sources = new Map(
      this.channels
        .listVisible()
        .flatMap((channel) => channel.sources)
        .map((source) => [sourceKey(source), source]),
    );
    const due = dueSources(
      Array.from(sources.values(), (source) => ({
        source,
        atMs: this.records.of(source).check?.atMs ?? null,
      })),
      nowMs,
      intervalMs,
      SCHEDULE_EVERY_MS,
    );
    const present = [...this.runs].find(({ trigger }) => trigger === 'schedule');
    if (present === undefined && due.length === 0) return;
    const run = present ?? this.begin('schedule', ALL, nowMs + intervalMs);
    if (nowMs < run.openUntilMs) this.queue.add(run, due);
    this.proceed();
  }

  /** Checks one source, or schedules the check again if no slot is free. */
  @JobHandler('source.check')
  async check({ kind, id }: JobTable['source.check'], signal: AbortSignal): Promise<void> {
    const check = this.queue.find(sourceKey({ kind, id }));
    // The run was stopped, or the check is under way already.
    if (check === null || this.aborts.has(check)) return;
    const abort = new AbortController();
    const unlink = linkAbort(abort, [signal]);
    this.aborts.set(check, abort);
    let end: CheckEnd;
    try {
      end = await this.probe(check.source, abort.signal);
    } catch (error) {
      if (!(error instanceof AppError)) this.logger.error({ err: error }, 'a check failed');
      end = endOfError(error);
    } finally {
      unlink();
      this.aborts.delete(check);
    }
    if (this.isClosed || this.queue.find(check.key) !== check) return;
    if (end.kind === 'postponed') this.scheduleCheck(check, ROOM_EVERY_MS);
    else this.settle(check, end);
  }

  private async probe(source: SourceId, signal: AbortSignal): Promise<CheckEnd> {
    const selector = selectorOf(source, { fileIndex: 0 });
    if (this.isNeededByViewers(source)) {
      const known = this.preflight.known(selector);
      return known === null
        ? { kind: 'skipped', code: IN_USE }
        : endOfVerdict(known, this.engines.isAnyConnected);
    }
    const { config } = this;
    const keepFree = Math.max(config.preflightKeepFree, slotsKeptFree(config));
    const limits = { timeoutMs: config.sourceCheckTimeoutMs, keepFree };
    const verdict = await this.preflight.probe(selector, limits, signal);
    return endOfVerdict(verdict, this.engines.isAnyConnected);
  }

  /**
   * True if a channel with this source is being played. It may need the source as soon as it loses its present one, and
   * cannot take a source that another stream plays.
   */
  private isNeededByViewers(source: SourceId): boolean {
    return this.liveness
      .channelsOf(sourceKey(source))
      .some((id) => this.preflight.isChannelPlayed(id));
  }

  /** Ends the checks of sources whose channel has been requested. */
  private leaveToViewers(): void {
    for (const [{ source }, abort] of this.aborts) {
      if (this.isNeededByViewers(source)) abort.abort(inUse());
    }
  }

  private request(scope: CheckScope, sources: readonly SourceId[]): CheckRun {
    const present = [...this.runs].find(
      ({ trigger, scope: other }) =>
        trigger === 'request' && other.channel === scope.channel && other.group === scope.group,
    );
    if (present !== undefined) return present;
    if (this.runs.size >= MAX_RUNS) {
      throw new AppError('conflict', `There are already ${MAX_RUNS} runs, which is the limit.`);
    }
    const run = this.begin('request', scope, 0);
    this.queue.add(run, sources);
    this.proceed();
    return run;
  }

  private begin(trigger: CheckTrigger, scope: CheckScope, openUntilMs: number): CheckRun {
    const run = new CheckRun(trigger, scope, openUntilMs);
    this.runs.add(run);
    return run;
  }

  private settle(check: QueuedCheck, end: Exclude<CheckEnd, { kind: 'postponed' }>): void {
    if (end.kind === 'result') this.records.checked(check.source, end.result);
    else this.logger.debug({ source: check.key, reason: end.code }, 'a check was skipped');
    this.counter.inc({ outcome: end.kind === 'result' ? end.result.outcome : end.kind });
    this.queue.settle(check, tallyOf(end));
    this.proceed();
  }

  private proceed(): void {
    const nowMs = monotonicMs();
    for (const run of [...this.runs]) if (run.isDone(nowMs)) this.end(run, 'finished');
    this.takeNext();
  }

  private takeNext(): void {
    if (this.isClosed) return;
    while (this.queue.active.length < this.config.sourceCheckConcurrency) {
      const next = this.queue.take();
      if (next === null) return;
      this.scheduleCheck(next, 0);
    }
  }

  private scheduleCheck({ key, source }: QueuedCheck, delayMs: number): void {
    this.jobs.schedule({ name: 'source.check', id: key, data: source }, { delayMs });
  }

  private end(run: CheckRun, state: 'finished' | 'stopped'): void {
    run.end(state);
    this.runs.delete(run);
    this.past.unshift(run);
    if (this.past.length > MAX_PAST_RUNS) this.past.pop();
    const { id, trigger, total, counts, startedAt } = run;
    const duration = Math.round((Date.now() - Date.parse(startedAt)) / 1000);
    const facts = { run_id: id, trigger, state, total, ...counts, duration_s: duration };
    this.events.publish('check_run_finished', facts);
    this.logger.log(facts, 'run of checks ended');
  }
}

function tallyOf(end: Exclude<CheckEnd, { kind: 'postponed' }>): CheckTally {
  if (end.kind === 'skipped') return 'skipped';
  return end.result.outcome === 'working' ? 'working' : 'failed';
}

function inUse(): AppError {
  return new AppError('conflict', 'A viewer has requested the channel of this source.');
}

function closing(): AppError {
  return new AppError('shutting_down', 'The check was stopped.');
}
