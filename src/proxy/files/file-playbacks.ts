import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../../config';
import { JobHandler, Jobs, type JobTable } from '../../coordination';
import { monotonicMs } from '../../kernel/clock';
import {
  infohashKey,
  streamKey,
  type ContentSelector,
  type SourceSelector,
} from '../../kernel/content-selector';
import { AppError, asAppError, type ErrorCode } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';
import { settlesWithin } from '../../kernel/wait';
import {
  ContentAliases,
  EngineSources,
  StreamReporters,
  type FileHost,
  type FoundFile,
} from '../live';
import { NegativeCache, publicStreamId, StreamRegistry } from '../streams';
import type { Viewer } from '../viewers';
import { isFromStart } from './byte-range';
import { wholeOf, type FileHead } from './file-head';
import { pickPlayback } from './pick-playback';
import { isFile, isSameTorrent, keysOf, FileContents, type FileContent } from './file-contents';
import { FilePlayback, type PlaybackEvents, type PlayRequest } from './file-playback';

/**
 * All playbacks of files. An engine has only one engine session per content, so each further viewer of a file needs
 * another engine.
 */
@Injectable()
export class FilePlaybacks implements FileHost, PlaybackEvents {
  private readonly contents = new FileContents(monotonicMs);
  /** Resolves when a viewer leaves a playback, when a playback ends, or when a content is found not to be playable. */
  private changed = new Deferred<undefined>();

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly sources: EngineSources,
    private readonly reporters: StreamReporters,
    private readonly jobs: Jobs,
    private readonly streams: StreamRegistry,
    private readonly faults: NegativeCache,
    private readonly aliases: ContentAliases,
  ) {}

  /** Ends a playback whose grace period is over, unless it has ended already or has a viewer again. */
  @JobHandler('file.grace')
  async endAfterGrace({ playbackUid }: JobTable['file.grace']): Promise<void> {
    const playback = this.list().find(({ uid }) => uid === playbackUid);
    if (playback?.viewer === null) await playback.end('no_viewers');
  }

  /** Running playbacks, oldest first. */
  list(): FilePlayback[] {
    return this.streams.list().filter((stream) => stream instanceof FilePlayback);
  }

  /** Finds a running playback by its id or its infohash. */
  byId(id: string): FilePlayback | null {
    const stream = this.streams.find(id);
    return stream instanceof FilePlayback ? stream : null;
  }

  /** Returns the content if it is known to be a file, else null. Calls no engine. */
  find(selector: ContentSelector): FileContent | null {
    const infohash =
      selector.kind === 'content_id' ? this.aliases.infohashOf(selector.value) : null;
    const known = this.contents.find(selector, infohash);
    if (known !== null) return known;
    // A playback may run for longer than its content is remembered.
    const keys = new Set([streamKey(selector)]);
    if (infohash !== null) keys.add(infohashKey(infohash, selector));
    const playing = this.list().find(({ content }) => keysOf(content).some((key) => keys.has(key)));
    return playing?.content ?? null;
  }

  /** Returns the running playbacks of a content. */
  of(content: FileContent): FilePlayback[] {
    return this.list().filter((playback) => playback.content === content);
  }

  take({ selector, lease, engineSession }: FoundFile): boolean {
    const { infohash, isLive } = engineSession;
    if (selector.kind === 'content_id' && infohash !== null) {
      this.aliases.remember(selector.value, infohash);
    }
    const content = this.contents.learn(selector, { infohash, isLive });
    const engineId = lease.engine.id;
    const earlier = this.list().find(
      (one) => one.engineId === engineId && isSameTorrent(one.content, content),
    );
    // A playback of the same torrent already runs on this engine, under another id. The start has ended its engine
    // session, so it continues with the new one.
    if (earlier?.adopt(engineSession) === true) {
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
   * Answers one request. Resolves when the viewer has received everything or is gone.
   *
   * @throws AppError, only before the head is sent: `client_limit`, `no_capacity`, `no_engine`, `shutting_down`, or the
   *   error of the start
   */
  async play(content: FileContent, request: PlayRequest): Promise<void> {
    const { viewer, token, part } = request;
    const { user, device } = viewer;
    const client = token ?? `${user?.id ?? ''} ${device}`;
    const facts = {
      client,
      hasToken: token !== null,
      isFromStart: isFromStart(part.range),
      arrivedMs: monotonicMs(),
    };
    /**
     * The playback that was opened for this request. If it finds no engine, the request waits as its viewer until it
     * can continue another playback.
     */
    let opened: FilePlayback | null = null;
    /** The error with which the opened playback found no engine. */
    let refusal: AppError | null = null;
    for (;;) {
      if (request.isGone()) opened?.removeViewer(viewer, 'hung_up');
      if (opened !== null && opened.viewer !== viewer) {
        opened.explainLeave(viewer);
        return;
      }
      if (request.isGone()) return;
      this.streams.mustBeOpen();
      const others = this.of(content).filter((playback) => playback !== opened);
      const isRefused = refusal !== null;
      const pick = pickPlayback(others, { ...facts, isRefused }, monotonicMs());
      if (pick.kind === 'continue') {
        // The request continues another playback. End the one opened here as `recorded`, so that it is not listed among
        // past streams.
        void opened?.end('recorded');
        const { playback } = pick;
        this.assign(viewer, client, playback);
        await playback.play(request, 'slot').catch((error: unknown) => {
          throw this.failed(playback, viewer, error);
        });
        return;
      }
      if (pick.kind === 'open') {
        try {
          const replaced = this.streams.checkLimits(viewer, content, this.viewersOf(content));
          this.streams.egress.check(null, replaced);
          this.streams.countStart(viewer.identity.ip);
          this.streams.checkRoom(replaced);
          // Nothing refuses the request any more, and it may need the slot or the place of what it replaces.
          this.streams.users.replace(replaced);
          this.streams.makeRoom();
          opened = this.open(content);
          this.assign(viewer, client, opened);
          if (pick.waitFor === 'slot') opened.announce();
          await opened.play(request, pick.waitFor);
          return;
        } catch (error) {
          if (!mayContinueElsewhere(error))
            throw opened === null ? error : this.failed(opened, viewer, error);
          refusal = error;
        }
        continue;
      }
      // Meanwhile another request may have found that the content cannot be played.
      const fault = refusal === null ? null : this.faults.lookup(streamKey(content.selector));
      if (refusal !== null && (pick.kind === 'refuse' || fault !== null)) {
        opened?.fail(fault ?? refusal);
        throw fault ?? refusal;
      }
      if (pick.kind === 'wait') {
        await settlesWithin(this.changed.promise, pick.untilMs - monotonicMs());
      }
    }
  }

  /** Ends a playback with the error of its viewer's request, and returns that error. */
  private failed(playback: FilePlayback, viewer: Viewer, cause: unknown): AppError {
    const error = asAppError(cause, 'The playback failed inside the proxy.');
    // A newer request has taken over the playback, so do not end it.
    if (playback.viewer !== viewer) return error;
    playback.fail(error);
    if (error.code === 'unsupported_content') this.refuse(playback.content, error);
    return error;
  }

  /** Makes `viewer` the viewer of `playback`, in place of any other. @throws AppError `client_limit` */
  private assign(viewer: Viewer, client: string, playback: FilePlayback): void {
    const { content, viewer: present } = playback;
    const leaving = present === null ? [] : [present];
    const onContent = this.viewersOf(content) - leaving.length;
    const replaced = this.streams.checkLimits(viewer, content, onContent, leaving);
    if (present !== null) playback.removeViewer(present, 'replaced');
    this.streams.users.replace(replaced);
    this.streams.viewerJoined(viewer);
    playback.assign(viewer, client);
  }

  private viewersOf(content: FileContent): number {
    return this.of(content).filter(({ viewer }) => viewer !== null).length;
  }

  /** Returns the engines that play the same torrent in other playbacks. */
  private busyFor(playback: FilePlayback): ReadonlySet<string> {
    const busy = new Set<string>();
    for (const other of this.list()) {
      if (other === playback || other.engineId === null) continue;
      if (isSameTorrent(other.content, playback.content)) busy.add(other.engineId);
    }
    return busy;
  }

  headKnown(content: FileContent, head: FileHead): void {
    content.head = wholeOf(head) ?? content.head;
  }

  viewerGone(viewer: Viewer): void {
    this.streams.viewerLeft(viewer);
    this.notify();
  }

  playbackOver(playback: FilePlayback): void {
    this.streams.over(playback);
    this.notify();
  }

  /** Wakes the requests that wait for a playback. */
  private notify(): void {
    this.changed.resolve(undefined);
    this.changed = new Deferred();
  }

  /** Forgets a file that cannot be played. Further requests for it are refused with `error` for NEGATIVE_CACHE_TTL. */
  private refuse(content: FileContent, error: AppError): void {
    this.contents.forget(content);
    this.faults.remember(streamKey(content.selector), error);
    this.notify();
  }

  /** Opens another playback of the content, without a viewer. */
  private open(content: FileContent): FilePlayback {
    const id = this.freeId(content);
    const playback = new FilePlayback(
      id,
      content,
      this.reporters.of(id, content.selector),
      this,
      (one) => this.busyFor(one),
      this.sources,
      this.config,
      this.jobs,
    );
    this.streams.add(playback);
    return playback;
  }

  /** Returns the content's public id, with a number appended if another playback has that id. */
  private freeId({ selector }: FileContent): string {
    const base = publicStreamId(selector);
    // Consider only playbacks: the broadcast start that found the file also has this id, but is about to end.
    const taken = new Set(this.list().map(({ id }) => id));
    for (let n = 1; ; n += 1) {
      const id = n === 1 ? base : `${base}~${n}`;
      if (!taken.has(id)) return id;
    }
  }
}

const CONTINUABLE_ERRORS: readonly ErrorCode[] = [
  'client_limit',
  'no_capacity',
  'no_engine',
  'engine_failed',
];

/** True if a request that could not open a playback because of this error may still continue another one. */
function mayContinueElsewhere(error: unknown): error is AppError {
  return error instanceof AppError && CONTINUABLE_ERRORS.includes(error.code);
}
