import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../../config';
import { EngineScheduler } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import type { ContentSelector, SourceSelector } from '../../kernel/content-selector';
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

const LOOK_EVERY_MS = 50;

/**
 * Answers whether a content plays, at little cost: from what failed a moment ago, from the session that plays
 * it, by asking an engine what it is, and only for a deep check by starting it. Such a start is a session
 * like any other, held by the check instead of a viewer: viewers who come meanwhile join it, whoever needs
 * its slot is given it, and it ends with the check when nobody has come.
 */
@Injectable()
export class Preflight implements OnModuleDestroy {
  private readonly slots: Readonly<Record<PreflightTier, CheckSlots>>;
  private readonly closing = new AbortController();

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly sessions: LiveStreams,
    private readonly resolver: ContentResolver,
    private readonly scheduler: EngineScheduler,
    private readonly files: FilePlaybacks,
  ) {
    const { preflightConcurrency } = config;
    this.slots = {
      light: new CheckSlots(preflightConcurrency),
      deep: new CheckSlots(preflightConcurrency),
    };
  }

  onModuleDestroy(): void {
    this.closing.abort(new AppError('shutting_down', 'The process is about to end.'));
  }

  /** @throws AppError `content_not_found` for a channel that there is not; of other contents only engines know */
  expectKnown(selector: ContentSelector): void {
    this.sessions.sourcesOf(selector);
  }

  /**
   * @param ip who asks; a deep check counts against the same limits as a viewer
   * @param gone aborts when the caller has hung up
   * @throws AppError `content_not_found` when there is no such channel; when nothing can be said about the content: `no_engine`, `no_capacity`, `engine_failed`,
   *   `client_limit`, `shutting_down`. The reason of `gone`.
   */
  async check(
    selector: ContentSelector,
    tier: PreflightTier,
    ip: string,
    gone: AbortSignal,
  ): Promise<PreflightVerdict> {
    const { preflightTimeoutMs } = this.config;
    const sources = this.sessions.sourcesOf(selector);
    const known = this.atOnce(selector, tier);
    if (known !== null) return known;
    const calledOff = new AbortController();
    const unlink = linkAbort(calledOff, [gone, this.closing.signal]);
    const slots = this.slots[tier];
    try {
      await slots.enter(preflightTimeoutMs, calledOff.signal);
      try {
        return await this.runInTime(selector, sources, tier, ip, calledOff.signal);
      } finally {
        slots.leave();
      }
    } finally {
      unlink();
    }
  }

  private async runInTime(
    selector: ContentSelector,
    sources: readonly SourceSelector[],
    tier: PreflightTier,
    ip: string,
    callOff: AbortSignal,
  ): Promise<PreflightVerdict> {
    const deadline = AbortSignal.timeout(this.config.preflightTimeoutMs);
    try {
      return await this.run(selector, sources, tier, ip, AbortSignal.any([callOff, deadline]));
    } catch (error) {
      callOff.throwIfAborted();
      if (!deadline.aborted) throw error;
      if (tier === 'light') throw new AppError('engine_failed', 'No engine answered in time.');
      const late = new AppError('start_timeout', 'No media within the time of the check.');
      return failed(late, tier, 'engine');
    }
  }

  /** What is known without asking anybody and without waiting. */
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

  private async run(
    selector: ContentSelector,
    sources: readonly SourceSelector[],
    tier: PreflightTier,
    ip: string,
    signal: AbortSignal,
  ): Promise<PreflightVerdict> {
    // Asked again, because much may have happened while it stood in line.
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
    // A channel is started as a viewer would, with whatever source will do.
    const asked = selector.kind === 'channel' ? selector : content.selector;
    const light = verdictOfResolution(resolution, engineId);
    // What is a file is not watched for a while: that it resolves is all there is to know without taking it.
    if (tier === 'light' || resolution.isLive === 0) return light;
    // Under another name it may be playing all the same, and a second start would take it from its viewers.
    const playing = this.playing(resolution.infohash, selector);
    const infohash = { ...selector, kind: 'infohash', value: resolution.infohash } as const;
    const recording = this.ofRecording(infohash);
    if (recording !== null) return recording;
    if (playing === 'another_file') return light;
    if (playing !== null) return this.watchStart(playing, tier, signal);
    return { ...(await this.start(asked, ip, signal)), name: resolution.name };
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

  private playing(
    infohash: string,
    { fileIndex }: ContentSelector,
  ): LiveStream | 'another_file' | null {
    const same = { kind: 'infohash', value: infohash, fileIndex } as const;
    const session = this.sessions.lookup(same);
    if (session !== null) return session;
    const isInUse = this.sessions.list().some((other) => other.infohash === infohash);
    return isInUse ? 'another_file' : null;
  }

  /** Somebody else's start is looked on at, without keeping it alive; for a light check until an engine has answered. */
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

  private async start(
    selector: ContentSelector,
    ip: string,
    signal: AbortSignal,
  ): Promise<PreflightVerdict> {
    const engines = this.scheduler.explain().assessments.map(({ candidate }) => candidate);
    if (!hasRoom(engines, this.config.preflightKeepFree)) {
      throw new AppError('no_capacity', 'The free slots are reserved for viewers.');
    }
    const holder = {};
    const asked = this.sessions.hold(selector, holder, 'check', ip);
    try {
      return await this.sample(await within(asked.ready, signal), signal);
    } catch (error) {
      return this.ofRecording(selector) ?? failed(error, 'deep', 'engine');
    } finally {
      // It may have turned out to be another session's content, which holds the check since then.
      for (const other of this.sessions.list()) if (other !== asked) other.letGo(holder);
      asked.letGo(holder);
      // A check needs no grace.
      if (!asked.isOver && asked.idleSince !== null) await asked.end('no_viewers');
    }
  }

  /** Looks on for a while: what an engine had in its cache is no proof that anybody still broadcasts. */
  private async sample(session: LiveStream, signal: AbortSignal): Promise<PreflightVerdict> {
    const endMs = monotonicMs() + this.config.preflightSampleMs;
    const halfMs = monotonicMs() + this.config.preflightSampleMs / 2;
    while (monotonicMs() < endMs && !session.isOver) await delay(LOOK_EVERY_MS, signal);
    if (session.isOver) {
      throw (
        session.error ??
        new AppError('no_capacity', 'The slot of the check was needed by a viewer.')
      );
    }
    const hasFlowed = (session.ingest.lastMediaMs ?? 0) >= halfMs;
    return verdictOfMedia(session, 'deep', 'engine', hasFlowed);
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

/** @throws what is not the content's own fault */
function failed(
  error: unknown,
  tier: PreflightTier,
  source: 'engine' | 'running_session',
): PreflightVerdict {
  if (!(error instanceof AppError)) throw error;
  // What a session says that was ended before it had started: its slot, or its last viewer, went.
  if (error.code === 'not_found') {
    throw new AppError('no_capacity', 'The stream was given up during the check.');
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
