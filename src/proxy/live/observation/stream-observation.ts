import type { EngineStat } from '../../../ace';
import { monotonicMs } from '../../../kernel/clock';
import { MediaInspector, type StreamFacts } from '../../mpegts';
import type { AbandonReason, StreamIngest } from '../../upstream';
import { LoopPolicy, type LoopAction } from './loop-policy';
import { LoopWatch, type LoopFinding } from './loop-watch';
import type { AppConfig } from '../../../config';
import type { SteadyWallClock } from '../../../kernel/steady-wall-clock';
import type { EngineSources } from '../sources/engine-sources';
import type { OpenedContent, Source } from '../sources/source.port';
import { Starvation } from './starvation';
import { StatHistory, type StatSample } from './stat-history';
import { StatPolling, type PollResult } from './stat-polling';

export interface ObservedStream {
  readonly ingest: StreamIngest;
  current(): Source | null;
  /** True while the stream is in phase `live`, so that media flow. */
  isLive(): boolean;
  /** Abandons the source that is being read, if there is one. */
  leaveSource(why: AbandonReason): void;
  /** Ends the stream because it repeats itself. */
  endLooping(): void;
  /** Called when a loop was found, with the action that follows. */
  looping(finding: LoopFinding, action: LoopAction): void;
  /** Called when an observation has thrown an error, but at most once per stream. */
  failed(error: unknown): void;
}

const TICK_MS = 500;
const LOOK_MS = 2000;
/** Number of bytes of the history that are read to identify the media. */
const INSPECTED_BYTES = 1024 * 1024;
const INSPECTED_BEHIND_MS = 1000;
/** Statistics older than this are not shown. */
const FRESH_MS = 30_000;

/**
 * Observes a stream without touching its media: collects the statistics of its engine, identifies the codecs, and
 * detects loops. It has one timer and at most one open call to the engine; `close` ends both. An error in the
 * observation is logged and does not affect the stream.
 */
export class StreamObservation {
  readonly history = new StatHistory();
  readonly polls: Record<PollResult, number> = { answered: 0, failed: 0, session_gone: 0 };
  private readonly polling: StatPolling;
  private readonly loops: LoopWatch;
  /** True while loops are looked for, as LOOP_DETECTION says. */
  private isLooking = false;
  private readonly policy: LoopPolicy;
  private readonly starvation = new Starvation();
  private readonly inspector = new MediaInspector();
  private readonly timer: NodeJS.Timeout;
  private media: { readonly atMs: number; readonly facts: readonly StreamFacts[] } | null = null;
  private opened: OpenedContent | null = null;
  private lookedMs = 0;
  private answeredMs = -Infinity;
  private reported: LoopFinding['cause'] | null = null;
  private hasComplained = false;

  constructor(
    private readonly stream: ObservedStream,
    private readonly engines: EngineSources,
    private readonly config: AppConfig,
    wallClock: SteadyWallClock,
  ) {
    this.policy = new LoopPolicy(config);
    this.loops = new LoopWatch(stream.ingest, config, wallClock);
    this.polling = new StatPolling({
      current: () => stream.current(),
      answered: (stat, engineId) => this.answered(stat, engineId),
      sessionGone: () => stream.leaveSource('session_gone'),
      counted: (result) => this.polls[result]++,
    });
    this.timer = setInterval(() => this.guarded(() => this.tick(monotonicMs())), TICK_MS);
  }

  /** The loop that was found; null if there is none. */
  get finding(): LoopFinding | null {
    return this.isLooking ? this.loops.finding : null;
  }

  /** The engine's newest statistics; null if they are too old to show. */
  get stat(): StatSample | null {
    const { latest } = this.history;
    return monotonicMs() - this.answeredMs < FRESH_MS ? latest : null;
  }

  /** True if the engine has had no peers and no download speed for 3 min. */
  get isStarving(): boolean {
    return this.starvation.isStarving(monotonicMs());
  }

  /** Returns the codecs of the media in the ring. The result is cached for 2 s. */
  mediaFacts(): readonly StreamFacts[] {
    const nowMs = monotonicMs();
    const { history } = this.stream.ingest;
    const programme = history.scanner.programme;
    if (programme === null) return [];
    if (this.media !== null && nowMs - this.media.atMs < LOOK_MS) return this.media.facts;
    const point = history.laterJoinPoint(INSPECTED_BEHIND_MS);
    const runs = point === null ? [] : [...history.runsFrom(point.position, INSPECTED_BYTES)];
    this.media = { atMs: nowMs, facts: this.inspector.inspect(runs, programme) };
    return this.media.facts;
  }

  close(): void {
    clearInterval(this.timer);
    this.polling.close();
  }

  private tick(nowMs: number): void {
    const opened = this.stream.current()?.opened ?? null;
    if (opened !== this.opened) {
      this.opened = opened;
      this.loops.resetPosition();
    }
    this.polling.tick(nowMs);
    this.followSetting();
    if (!this.isLooking || nowMs - this.lookedMs < LOOK_MS) return;
    this.lookedMs = nowMs;
    this.loops.lookAtMedia();
    this.judge(this.loops.finding, nowMs);
  }

  private followSetting(): void {
    const isOn = this.config.loopDetection !== 'off';
    if (isOn === this.isLooking) return;
    this.isLooking = isOn;
    this.reported = null;
    // Positions were not observed while the detection was off.
    this.loops.resetPosition();
  }

  private answered(stat: EngineStat, engineId: string): void {
    this.guarded(() => {
      const nowMs = monotonicMs();
      this.answeredMs = nowMs;
      this.history.add({ unixMs: Date.now(), engineId, stat });
      // While no media flow, the live position stands still anyway, which is no sign of a loop.
      if (this.isLooking) {
        this.loops.lookAtPosition(this.stream.isLive() ? stat.livePosition : null, nowMs);
      }
      if (this.starvation.look(stat, engineId, nowMs)) {
        this.engines.complain(engineId, 'starving');
      }
    });
  }

  /**
   * Acts once on each loop. A finding with another cause, or after a time without a finding, counts as another loop.
   */
  private judge(finding: LoopFinding | null, nowMs: number): void {
    if (finding === null) {
      this.reported = null;
      return;
    }
    if (finding.cause === this.reported || !this.stream.isLive()) return;
    this.reported = finding.cause;
    const action = this.policy.decide(nowMs);
    this.stream.looping(finding, action);
    if (action === 'failover') this.stream.leaveSource('looping');
    else if (action === 'stop') this.stream.endLooping();
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.hasComplained) return;
      this.hasComplained = true;
      this.stream.failed(error);
    }
  }
}
