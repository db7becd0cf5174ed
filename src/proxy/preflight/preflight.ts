import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, type AppConfig, LiveConfig } from '../../config';
import { EngineScheduler } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import { partOf, type ContentSelector, type SourceSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { linkAbort } from '../../kernel/linked-abort';
import { FilePlaybacks } from '../files';
import { delay } from '../../kernel/wait';
import { LiveStreams, type LiveStream } from '../live';
import { CheckSlots } from './check-slots';
import { ContentResolver, type ResolvedContent } from './content-resolver';
import { hasRoom } from './engine-room';
import { sampleOf } from './media-sample';
import {
  NOTHING_KNOWN,
  verdictOfError,
  verdictOfRecording,
  verdictOfResolution,
  type PreflightTier,
  type PreflightVerdict,
} from './preflight-verdict';

const POLL_MS = 50;
/** A probe receives media until all facts are known, but no longer than this. */
const FACTS_WITHIN_MS = 8000;
/** Media that have paused for longer do not flow. */
const PAUSE_MS = 3000;
/** Limits per address do not apply to a probe. */
const OWN_ADDRESS = '127.0.0.1';

export interface ProbeLimits {
  /** A content that has sent no media in this time is not playable. */
  readonly timeoutMs: number;
  /** Number of free slots to leave for viewers. */
  readonly keepFree: number;
}

/** One check that is to be made. */
interface CheckOrder extends ProbeLimits {
  readonly selector: ContentSelector;
  readonly sources: readonly SourceSelector[];
  readonly tier: PreflightTier;
  /** Address of the client. */
  readonly ip: string;
  /** Longest time for which a deep check receives media so that all facts become known. */
  readonly factsWithinMs: number;
}

/**
 * Checks whether a content plays, with as little load as possible: from the negative cache, from a running stream of
 * the content, by asking an engine to resolve it, and only for a deep check by starting it. The check holds the
 * started stream in place of a viewer. Viewers can join that stream, other requests can preempt its slot, and it ends
 * with the check if no viewer has joined.
 */
@Injectable()
export class Preflight implements OnModuleDestroy {
  private readonly slots: Readonly<Record<PreflightTier, CheckSlots>> = {
    light: new CheckSlots(() => this.config.preflightConcurrency),
    deep: new CheckSlots(() => this.config.preflightConcurrency),
  };
  private readonly unsubscribe: () => void;
  private readonly closing = new AbortController();

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly sessions: LiveStreams,
    private readonly resolver: ContentResolver,
    private readonly scheduler: EngineScheduler,
    private readonly files: FilePlaybacks,
    settings: LiveConfig,
  ) {
    this.unsubscribe = settings.onChange(['preflightConcurrency'], () => {
      for (const slots of Object.values(this.slots)) slots.admit();
    });
  }

  onModuleDestroy(): void {
    this.unsubscribe();
    this.closing.abort(new AppError('shutting_down', 'The process is about to end.'));
  }

  /** @throws AppError `content_not_found` if there is no such channel; other contents are not checked here */
  expectKnown(selector: ContentSelector): void {
    this.sessions.sourcesOf(selector);
  }

  /**
   * @param ip address of the client, because a deep check counts against the limits of viewers
   * @param gone aborts when the client has disconnected
   * @throws AppError `content_not_found` if there is no such channel; `no_engine`, `no_capacity`, `engine_failed`,
   *   `client_limit`, `rate_limited` or `shutting_down` if the check has no result; else the reason of `gone`
   */
  async check(
    selector: ContentSelector,
    tier: PreflightTier,
    ip: string,
    gone: AbortSignal,
  ): Promise<PreflightVerdict> {
    const { preflightTimeoutMs: timeoutMs, preflightKeepFree: keepFree } = this.config;
    const sources = this.sessions.sourcesOf(selector);
    const known = this.atOnce(selector, tier);
    if (known !== null) return known;
    this.sessions.countCheck(selector, ip);
    const order = { selector, sources, tier, ip, timeoutMs, keepFree, factsWithinMs: 0 };
    const slots = this.slots[tier];
    return this.untilClosed(gone, async (cancel) => {
      await slots.enter(timeoutMs, cancel);
      try {
        return await this.runInTime(order, cancel);
      } finally {
        slots.leave();
      }
    });
  }

  /**
   * A deep check that does not queue behind others and finds out all facts about the media. It calls no engine while
   * the free slots are reserved for viewers.
   *
   * @throws AppError `no_capacity` if there is no room, or if a viewer needed the slot; else as `check`
   */
  async probe(
    selector: SourceSelector,
    limits: ProbeLimits,
    cancel: AbortSignal,
  ): Promise<PreflightVerdict> {
    const known = this.known(selector);
    if (known !== null) return known;
    if (this.sessions.lookup(selector) === null) this.expectRoom(limits.keepFree);
    const order = {
      ...{ ...limits, selector, sources: [selector], ip: OWN_ADDRESS },
      ...{ tier: 'deep' as const, factsWithinMs: FACTS_WITHIN_MS },
    };
    return this.untilClosed(cancel, (cancelled) => this.runInTime(order, cancelled));
  }

  /** The verdict of a deep check that needs no engine: that of a running stream, or a remembered failure. */
  known(selector: SourceSelector): PreflightVerdict | null {
    return this.atOnce(selector, 'deep');
  }

  /** True if a stream of the channel is running or starting. */
  isChannelPlayed(channelId: string): boolean {
    return this.sessions.list().some(({ rotation }) => rotation.channelId === channelId);
  }

  private async untilClosed<T>(
    cancel: AbortSignal,
    work: (cancel: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const cancelled = new AbortController();
    const unlink = linkAbort(cancelled, [cancel, this.closing.signal]);
    try {
      return await work(cancelled.signal);
    } finally {
      unlink();
    }
  }

  private async runInTime(order: CheckOrder, cancel: AbortSignal): Promise<PreflightVerdict> {
    const { tier } = order;
    const deadline = AbortSignal.timeout(order.timeoutMs);
    try {
      return await this.run(order, AbortSignal.any([cancel, deadline]), cancel);
    } catch (error) {
      cancel.throwIfAborted();
      // An `AppError` has another cause, such as a viewer who needed the slot while media were received.
      if (!deadline.aborted || error instanceof AppError) throw error;
      if (tier === 'light') throw new AppError('engine_failed', 'No engine answered in time.');
      const late = new AppError('start_timeout', 'No media within the time of the check.');
      return failed(late, tier, 'engine');
    }
  }

  /** The verdict that needs no call to an engine and no wait; null if there is none. */
  private atOnce(selector: ContentSelector, tier: PreflightTier): PreflightVerdict | null {
    const session = this.sessions.lookup(selector);
    if (session !== null) return session.readyMs === null ? null : ofRunning(session, tier);
    const recording = this.ofRecording(selector);
    if (recording !== null) return recording;
    const fault = this.sessions.knownFault(selector);
    return fault === null ? null : verdictOfError(fault, tier, 'memory');
  }

  private ofRecording(selector: ContentSelector): PreflightVerdict | null {
    const content = this.files.find(selector);
    if (content === null) return null;
    const [playback] = this.files.of(content);
    return verdictOfRecording(content, playback?.engineId ?? null);
  }

  /** @param signal `cancel`, and the deadline for the first media */
  private async run(
    order: CheckOrder,
    signal: AbortSignal,
    cancel: AbortSignal,
  ): Promise<PreflightVerdict> {
    const { selector, sources, tier } = order;
    // The facts may have changed while the check was queued.
    const known = this.atOnce(selector, tier);
    if (known !== null) return known;
    const session = this.sessions.lookup(selector);
    if (session !== null) return this.watchStart(session, tier, signal);
    let content: ResolvedContent;
    try {
      content = await this.resolver.resolveFirst(sources, signal);
    } catch (error) {
      return this.notFound(error, selector, tier);
    }
    const { resolution, engineId } = content;
    // A channel is started as for a viewer, with all its sources.
    const asked = selector.kind === 'channel' ? selector : content.selector;
    const light = verdictOfResolution(resolution, engineId);
    // A file is not sampled, because a start would end the engine session of its viewer.
    if (tier === 'light' || resolution.isLive === 0) return light;
    // The content may be playing under another name. A second start on the same engine would end the first engine
    // session.
    const playing = this.playing(resolution.infohash, selector);
    const infohash = { ...selector, kind: 'infohash', value: resolution.infohash } as const;
    const recording = this.ofRecording(infohash);
    if (recording !== null) return recording;
    if (playing === 'another_file') return light;
    if (playing !== null) return this.watchStart(playing, tier, signal);
    const verdict = await this.start(asked, order, signal, cancel);
    return { ...verdict, name: resolution.name };
  }

  private notFound(
    error: unknown,
    selector: ContentSelector,
    tier: PreflightTier,
  ): PreflightVerdict {
    const verdict = error instanceof AppError ? verdictOfError(error, tier, 'engine') : null;
    if (verdict === null) throw error;
    this.sessions.rememberFault(selector, error as AppError);
    return verdict;
  }

  private playing(infohash: string, part: ContentSelector): LiveStream | 'another_file' | null {
    const same = { ...partOf(part), kind: 'infohash', value: infohash } as const;
    const session = this.sessions.lookup(same);
    if (session !== null) return session;
    const isInUse = this.sessions.list().some((other) => other.infohash === infohash);
    return isInUse ? 'another_file' : null;
  }

  /**
   * Waits for a start that another client has requested, without keeping it alive. A light check waits only until an
   * engine has answered.
   */
  private async watchStart(
    session: LiveStream,
    tier: PreflightTier,
    signal: AbortSignal,
  ): Promise<PreflightVerdict> {
    try {
      const begun = tier === 'light' ? session.answered : session.ready;
      return ofRunning(await within(begun, signal), tier);
    } catch (error) {
      return this.ofRecording(session.selector) ?? failed(error, tier, 'running_session');
    }
  }

  /** @throws AppError `no_capacity` unless a check may take a slot without ending another stream */
  private expectRoom(keepFree: number): void {
    const engines = this.scheduler.explain().assessments.map(({ candidate }) => candidate);
    if (!hasRoom(engines, keepFree) || this.sessions.isFull) {
      throw new AppError('no_capacity', 'The free slots are reserved for viewers.');
    }
  }

  private async start(
    selector: ContentSelector,
    { ip, keepFree, factsWithinMs }: CheckOrder,
    signal: AbortSignal,
    cancel: AbortSignal,
  ): Promise<PreflightVerdict> {
    this.expectRoom(keepFree);
    const holder = {};
    const asked = this.sessions.holdForCheck(selector, holder, ip);
    try {
      // The deadline is for the first media; a check that has them is not ended by it.
      return await this.sample(await within(asked.ready, signal), factsWithinMs, cancel);
    } catch (error) {
      return this.ofRecording(selector) ?? failed(error, 'deep', 'engine');
    } finally {
      // The stream may have merged into another stream, which then holds the check.
      for (const other of this.sessions.list()) if (other !== asked) other.letGo(holder);
      asked.letGo(holder);
      // The stream needs no grace period after a check.
      if (!asked.isOver && asked.idleSince !== null) await asked.end('no_viewers');
    }
  }

  /**
   * Receives media for a while, because media from an engine's cache do not prove that the content is still
   * broadcast.
   */
  private async sample(
    session: LiveStream,
    factsWithinMs: number,
    signal: AbortSignal,
  ): Promise<PreflightVerdict> {
    const { preflightSampleMs } = this.config;
    const beganMs = monotonicMs();
    // Engines deliver media in pieces, so a short pause is no end.
    const isFlowing = (): boolean => {
      const lastMs = session.ingest.lastMediaMs ?? 0;
      return lastMs >= Math.max(beganMs + preflightSampleMs / 2, monotonicMs() - PAUSE_MS);
    };
    const isDone = (): boolean => {
      const tookMs = monotonicMs() - beganMs;
      if (session.isOver) return true;
      if (tookMs < preflightSampleMs) return false;
      return tookMs >= factsWithinMs || (isFlowing() && sampleOf(session).isComplete);
    };
    while (!isDone()) await delay(POLL_MS, signal);
    if (session.isOver) {
      throw (
        session.error ??
        new AppError('no_capacity', 'The slot of this check was needed by a viewer.')
      );
    }
    return verdictOfMedia(session, 'deep', 'engine', isFlowing());
  }
}

function ofRunning(session: LiveStream, tier: PreflightTier): PreflightVerdict {
  return verdictOfMedia(session, tier, 'running_session', session.state !== 'stalled');
}

function verdictOfMedia(
  session: LiveStream,
  tier: PreflightTier,
  source: 'engine' | 'running_session',
  isFlowing: boolean,
): PreflightVerdict {
  return {
    ...NOTHING_KNOWN,
    tier,
    source,
    playable: isFlowing,
    reason: isFlowing ? null : 'stalled',
    detail: isFlowing ? null : 'Media arrived and then stopped.',
    infohash: session.infohash,
    isLive: session.isLive === -1 ? null : session.isLive === 1,
    engineId: session.engineId,
    sample: sampleOf(session),
  };
}

/** @throws errors that are not the content's fault; they give no verdict */
function failed(
  error: unknown,
  tier: PreflightTier,
  source: 'engine' | 'running_session',
): PreflightVerdict {
  if (!(error instanceof AppError)) throw error;
  // The stream was ended before it started, because its slot was preempted or its last viewer left.
  if (error.code === 'not_found') {
    throw new AppError('no_capacity', 'The stream ended during the check.');
  }
  const verdict = verdictOfError(error, tier, source);
  if (verdict === null) throw error;
  return verdict;
}

/** @throws the reason of `signal` as soon as it aborts */
async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
