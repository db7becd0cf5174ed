import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Writable } from 'node:stream';
import type { FilePart } from '../../ace';
import { EngineAllocator } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import {
  infohashKey,
  streamKey,
  type ContentSelector,
  type SourceSelector,
} from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import {
  ContentAliases,
  publicStreamId,
  SessionDirectory,
  SessionServices,
  settlesWithin,
  type EndReason,
  type FoundRecording,
  type RecordingHost,
  type SessionSnapshot,
} from '../session';
import type { Viewer } from '../viewers';
import { wholeOf, type FileHead } from './file-head';
import { FirstAnswerWait } from './first-answer';
import {
  isPlaylist,
  isSameTransport,
  keysOf,
  RecordedContents,
  type RecordedContent,
} from './recorded-contents';
import { RecordedPlayback, type PlaybackOwner } from './recorded-playback';
import { snapshotOfPlayback } from './recorded-snapshot';
import { chooseSeat } from './seat-choice';

const MAX_PAST = 200;
/** Players that jump often close the old connection just behind the new one: worth a moment before an engine is taken. */
const SEEK_OVERLAP_MS = 250;
const NO_ENGINES: ReadonlySet<string> = new Set();

/** What one request wants. */
export interface PlayRequest {
  readonly viewer: Viewer;
  /** Whom the viewer counts as: requests of the same owner may take each other's playback over. */
  readonly owner: string;
  readonly part: FilePart;
  /** Sends the head and gives what the body goes to; null when the connection is gone. */
  readonly sendHead: (head: FileHead) => Writable | null;
  readonly isGone: () => boolean;
}

/**
 * All playbacks of recorded content, and what is known to be recorded. One engine plays one content once, so each
 * viewer beyond the first is on another engine.
 */
@Injectable()
export class RecordedPlaybacks
  implements RecordingHost, PlaybackOwner, OnModuleInit, OnModuleDestroy
{
  private readonly playbacks = new Set<RecordedPlayback>();
  private readonly past: SessionSnapshot[] = [];
  private readonly contents = new RecordedContents(monotonicMs);
  private readonly waits = new Set<FirstAnswerWait>();
  private readonly overListeners: ((playback: RecordedPlayback) => void)[] = [];
  private stopReclaiming: () => void = () => undefined;

  constructor(
    private readonly services: SessionServices,
    private readonly engines: EngineAllocator,
    private readonly sessions: SessionDirectory,
    private readonly aliases: ContentAliases,
  ) {
    sessions.recordings = this;
  }

  onModuleInit(): void {
    this.stopReclaiming = this.engines.onCapacityNeeded((excluded) => this.reclaim(excluded));
  }

  async onModuleDestroy(): Promise<void> {
    this.stopReclaiming();
    await this.endAll('shutdown');
  }

  get count(): number {
    return this.playbacks.size;
  }

  /** Under way, oldest first. */
  list(): RecordedPlayback[] {
    return [...this.playbacks];
  }

  /** Over, newest first. */
  listPast(): readonly SessionSnapshot[] {
    return this.past;
  }

  /** One that is under way, by its own id or by the infohash. */
  byId(id: string): RecordedPlayback | null {
    const all = this.list();
    return (
      all.find((playback) => playback.id === id) ??
      all.find(({ content }) => content.infohash === id) ??
      null
    );
  }

  findPast(id: string): SessionSnapshot | null {
    return this.past.find((one) => one.id === id || one.infohash === id) ?? null;
  }

  /** The content, when it is known to be a file. Asks nobody. */
  find(selector: ContentSelector): RecordedContent | null {
    const infohash =
      selector.kind === 'content_id' ? this.aliases.infohashOf(selector.value) : null;
    const known = this.contents.find(selector, infohash);
    if (known !== null) return known;
    // One that is read for longer than it is remembered.
    const keys = new Set([streamKey(selector)]);
    if (infohash !== null) keys.add(infohashKey(infohash, selector.fileIndex));
    const playing = this.list().find(({ content }) => keysOf(content).some((key) => keys.has(key)));
    return playing?.content ?? null;
  }

  /** Playbacks of a content, under way. */
  of(content: RecordedContent): RecordedPlayback[] {
    return this.list().filter((playback) => playback.content === content);
  }

  onPlaybackOver(listener: (playback: RecordedPlayback) => void): void {
    this.overListeners.push(listener);
  }

  take({ selector, lease, engineSession }: FoundRecording): boolean {
    const { infohash, isLive } = engineSession;
    if (selector.kind === 'content_id' && infohash !== null) {
      this.aliases.remember(selector.value, infohash);
    }
    const content = this.contents.learn(selector, { infohash, isLive });
    const engineId = lease.engine.id;
    const here = this.list().find(
      (one) => one.engineId === engineId && isSameTransport(one.content, content),
    );
    // Under a name that nobody knew to be the same: the start has just ended that playback's engine session.
    if (here?.source != null) {
      here.source.adopt(engineSession);
      lease.release();
      return true;
    }
    this.open(content).takeOver(lease, engineSession);
    return true;
  }

  learn(selector: SourceSelector, infohash: string | null, error: AppError): boolean {
    if (error.code !== 'unsupported_content' || isPlaylist(error)) return false;
    if (this.find(selector) === null) this.contents.learn(selector, { infohash, isLive: -1 });
    return true;
  }

  /**
   * Answers one request. Resolves when the viewer has everything or is gone.
   *
   * @throws AppError before the head is out: limits, `no_capacity`, `no_engine` and what a start may end with
   */
  async play(content: RecordedContent, request: PlayRequest): Promise<void> {
    this.sessions.mustBeOpen();
    const { viewer } = request;
    try {
      const playback = await this.admit(content, request);
      if (playback === null) return;
      if (request.isGone()) playback.removeViewer(viewer, 'hung_up');
      else await playback.play(viewer, request.part, request.sendHead);
    } catch (error) {
      if (error instanceof AppError && error.code === 'unsupported_content') {
        this.refuse(content, error);
      }
      throw error;
    }
  }

  makePlace(): void {
    void this.reclaim();
  }

  async endAll(reason: EndReason): Promise<void> {
    await Promise.all(this.list().map((playback) => playback.end(reason)));
  }

  busyFor(playback: RecordedPlayback): ReadonlySet<string> {
    const busy = new Set<string>();
    for (const other of this.playbacks) {
      if (other === playback || other.engineId === null) continue;
      if (isSameTransport(other.content, playback.content)) busy.add(other.engineId);
    }
    return busy;
  }

  headKnown({ content }: RecordedPlayback, head: FileHead): void {
    content.head = wholeOf(head) ?? content.head;
    content.verdict = 'plays';
  }

  viewerGone(viewer: Viewer): void {
    this.sessions.limits.remove(viewer);
  }

  playbackOver(playback: RecordedPlayback): void {
    this.playbacks.delete(playback);
    this.past.unshift(snapshotOfPlayback(playback));
    if (this.past.length > MAX_PAST) this.past.pop();
    for (const listener of this.overListeners) listener(playback);
  }

  /**
   * While nobody knows whether the content plays at all, one request finds it out and the others wait for it: what is no
   * media is told to all of them, takes one slot, and no request is thrown out for a newer one before it is answered.
   * Null: the viewer has left meanwhile.
   */
  private async admit(
    content: RecordedContent,
    request: PlayRequest,
  ): Promise<RecordedPlayback | null> {
    const { viewer } = request;
    let first = this.unanswered(content);
    const wait = first === null ? null : this.beginWait(content, request, first.owner);
    if (wait !== null) {
      try {
        for (; first !== null && wait.goesOn; first = this.unanswered(content)) {
          await wait.until(first.whenAnswered);
        }
      } finally {
        this.waits.delete(wait);
        this.sessions.limits.remove(viewer);
      }
      if (viewer.leaveReason !== null) return null;
      this.sessions.mustBeOpen();
      if (content.verdict instanceof AppError) throw content.verdict;
    }
    // In the same turn as the last look: whoever comes next finds this one.
    return this.seatFor(content, request);
  }

  /** Null for a player who has its share of places: its newer request takes the place of the one that waits. */
  private beginWait(
    content: RecordedContent,
    { viewer, owner }: PlayRequest,
    firstOwner: string,
  ): FirstAnswerWait | null {
    try {
      this.sessions.limits.check(viewer.identity.ip, this.viewersOf(content));
    } catch (error) {
      if (owner === firstOwner) return null;
      throw error;
    }
    const { proxyInitTimeoutMs } = this.services.config;
    const wait = new FirstAnswerWait(content, viewer, proxyInitTimeoutMs);
    this.waits.add(wait);
    this.sessions.limits.add(viewer);
    return wait;
  }

  /** The playback whose reader is about to learn what the content is; null when that is known, or nobody asks. */
  private unanswered(content: RecordedContent): RecordedPlayback | null {
    if (content.verdict !== null) return null;
    return this.of(content).find(({ viewer }) => viewer !== null) ?? null;
  }

  /** It is no media: told to everybody who waits for it, and remembered. */
  private refuse(content: RecordedContent, error: AppError): void {
    this.contents.forget(content);
    this.sessions.rememberFault(content.selector, error);
    if (content.verdict !== null) return;
    content.verdict = error;
    for (const playback of this.of(content)) playback.fail(error);
  }

  private viewersOf(content: RecordedContent): number {
    const reading = this.of(content).filter(({ viewer }) => viewer !== null).length;
    return reading + [...this.waits].filter((wait) => wait.content === content).length;
  }

  private async seatFor(content: RecordedContent, request: PlayRequest): Promise<RecordedPlayback> {
    const { owner } = request;
    const choose = (): ReturnType<typeof chooseSeat> =>
      chooseSeat(
        this.of(content).map(({ seat }) => seat),
        owner,
      );
    let choice = choose();
    const own = choice.kind === 'open' ? this.byUid(choice.fallback) : null;
    if (own !== null) {
      await settlesWithin(own.whenFree, SEEK_OVERLAP_MS);
      this.sessions.mustBeOpen();
      // Who has gone meanwhile must not take the place of who still reads.
      if (request.isGone()) throw new AppError('request_timeout', 'The caller has gone.');
      choice = choose();
    }
    const chosen = this.byUid(choice.kind === 'open' ? choice.fallback : choice.uid);
    if (choice.kind !== 'open' && chosen !== null) return this.giveTo(request, chosen);
    try {
      return await this.openFor(request, content, chosen === null);
    } catch (error) {
      // No room for one more: the viewer's own earlier request makes way, when it still reads.
      const isFull = error instanceof AppError && NO_ROOM.has(error.code);
      if (!isFull || chosen === null || chosen.isOver || chosen.owner !== owner) throw error;
      if (request.isGone()) throw error;
      return this.giveTo(request, chosen);
    }
  }

  /**
   * @param isOnlyWay false: an engine is to be had first, because the viewer has something to go back to
   * @throws AppError when there is no room for one more
   */
  private async openFor(
    request: PlayRequest,
    content: RecordedContent,
    isOnlyWay: boolean,
  ): Promise<RecordedPlayback> {
    const opened = this.occupy(request, content, () => {
      this.sessions.mustHavePlace();
      return this.open(content);
    });
    try {
      if (!isOnlyWay) await opened.start();
      opened.requested();
      return opened;
    } catch (error) {
      if (opened.viewer === request.viewer) {
        await opened.end('no_viewers');
        throw error;
      }
      // Its place was taken from it while it waited: what there is now belongs to somebody else.
      if (!opened.isOver) opened.requested();
      return opened;
    }
  }

  /** A playback that is there gets another reader; one that it has is the same viewer's, and has to go. */
  private giveTo(request: PlayRequest, playback: RecordedPlayback): RecordedPlayback {
    if (playback.viewer !== null) playback.removeViewer(playback.viewer, 'replaced');
    return this.occupy(request, playback.content, () => playback);
  }

  private occupy(
    { viewer, owner }: PlayRequest,
    content: RecordedContent,
    seat: () => RecordedPlayback,
  ): RecordedPlayback {
    this.sessions.limits.check(viewer.identity.ip, this.viewersOf(content));
    const playback = seat();
    this.sessions.limits.add(viewer);
    playback.occupy(viewer, owner);
    return playback;
  }

  private open(content: RecordedContent): RecordedPlayback {
    const playback = new RecordedPlayback(this.freeId(content), content, this.services, this);
    this.playbacks.add(playback);
    return playback;
  }

  /** The content's public id, with a number behind it from its second playback on. */
  private freeId({ selector }: RecordedContent): string {
    const base = publicStreamId(selector);
    const taken = new Set(this.list().map(({ id }) => id));
    for (let n = 1; ; n += 1) {
      const id = n === 1 ? base : `${base}~${n}`;
      if (!taken.has(id)) return id;
    }
  }

  private byUid(uid: string | null): RecordedPlayback | null {
    return this.list().find((playback) => playback.uid === uid) ?? null;
  }

  /** Ends the playback that nobody has read for longest. True when one was ended. */
  private async reclaim(excluded: ReadonlySet<string> = NO_ENGINES): Promise<boolean> {
    const idle = this.list().filter(
      ({ idleSinceMs, source }) =>
        idleSinceMs !== null && source !== null && !excluded.has(source.engineId),
    );
    idle.sort((a, b) => (a.idleSinceMs ?? 0) - (b.idleSinceMs ?? 0));
    await idle[0]?.end('reclaimed');
    return idle.length > 0;
  }
}

const NO_ROOM: ReadonlySet<string> = new Set([
  'client_limit',
  'no_capacity',
  'no_engine',
  'engine_failed',
]);
