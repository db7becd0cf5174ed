import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { JobHandler, type JobTable } from '../../coordination';
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
  type EndReason,
  type FoundRecording,
  type RecordingHost,
  type SessionSnapshot,
} from '../session';
import type { Viewer } from '../viewers';
import { wholeOf, type FileHead } from './file-head';
import {
  isFile,
  isSameTransport,
  keysOf,
  RecordedContents,
  type RecordedContent,
} from './recorded-contents';
import { RecordedAdmission, type PlaybackHost, type PlayRequest } from './recorded-admission';
import { RecordedPlayback, type PlaybackOwner } from './recorded-playback';
import { snapshotOfPlayback } from './recorded-snapshot';

const MAX_PAST = 200;
const NO_ENGINES: ReadonlySet<string> = new Set();

/**
 * All playbacks of recorded content, and what is known to be recorded. One engine plays one content once, so each
 * viewer beyond the first is on another engine.
 */
@Injectable()
export class RecordedPlaybacks
  implements RecordingHost, PlaybackOwner, PlaybackHost, OnModuleInit, OnModuleDestroy
{
  private readonly playbacks = new Set<RecordedPlayback>();
  private readonly past: SessionSnapshot[] = [];
  private readonly contents = new RecordedContents(monotonicMs);
  private readonly admission: RecordedAdmission;
  private readonly overListeners: ((playback: RecordedPlayback) => void)[] = [];
  private stopReclaiming: () => void = () => undefined;

  constructor(
    private readonly services: SessionServices,
    private readonly engines: EngineAllocator,
    private readonly sessions: SessionDirectory,
    private readonly aliases: ContentAliases,
  ) {
    sessions.recordings = this;
    this.admission = new RecordedAdmission(sessions, services.config.proxyInitTimeoutMs, this);
  }

  onModuleInit(): void {
    this.stopReclaiming = this.engines.onCapacityNeeded((excluded) => this.reclaim(excluded));
  }

  async onModuleDestroy(): Promise<void> {
    this.stopReclaiming();
    await this.endAll('shutdown');
  }

  /** Ends a playback whose grace period is over, unless it has ended already or a viewer reads it again. */
  @JobHandler('file.grace')
  async endAfterGrace({ playbackUid }: JobTable['file.grace']): Promise<void> {
    const playback = this.list().find(({ uid }) => uid === playbackUid);
    if (playback?.viewer === null) await playback.end('no_viewers');
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
    if (error.code !== 'unsupported_content' || !isFile(error)) return false;
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
      const playback = await this.admission.admit(content, request);
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

  /** It is no media: told to everybody who waits for it, and remembered. */
  private refuse(content: RecordedContent, error: AppError): void {
    this.contents.forget(content);
    this.sessions.rememberFault(content.selector, error);
    if (content.verdict !== null) return;
    content.verdict = error;
    for (const playback of this.of(content)) playback.fail(error);
  }

  /** Another playback of the content, which nobody reads yet. */
  open(content: RecordedContent): RecordedPlayback {
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
