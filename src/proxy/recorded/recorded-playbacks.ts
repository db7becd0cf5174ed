import { Injectable } from '@nestjs/common';
import { JobHandler, type JobTable } from '../../coordination';
import { monotonicMs } from '../../kernel/clock';
import {
  infohashKey,
  streamKey,
  type ContentSelector,
  type SourceSelector,
} from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { ContentAliases, SessionServices, type FoundRecording, type RecordingHost } from '../live';
import { NegativeCache, publicStreamId, StreamRegistry } from '../streams';
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

/**
 * All playbacks of recorded content, and what is known to be recorded. One engine plays one content once, so each
 * viewer beyond the first is on another engine.
 */
@Injectable()
export class RecordedPlaybacks implements RecordingHost, PlaybackOwner, PlaybackHost {
  private readonly contents = new RecordedContents(monotonicMs);
  private readonly admission: RecordedAdmission;

  constructor(
    private readonly services: SessionServices,
    private readonly streams: StreamRegistry,
    private readonly faults: NegativeCache,
    private readonly aliases: ContentAliases,
  ) {
    this.admission = new RecordedAdmission(streams, services.config.proxyInitTimeoutMs, this);
  }

  /** Ends a playback whose grace period is over, unless it has ended already or a viewer reads it again. */
  @JobHandler('file.grace')
  async endAfterGrace({ playbackUid }: JobTable['file.grace']): Promise<void> {
    const playback = this.list().find(({ uid }) => uid === playbackUid);
    if (playback?.viewer === null) await playback.end('no_viewers');
  }

  /** Under way, oldest first. */
  list(): RecordedPlayback[] {
    return this.streams.list().filter((stream) => stream instanceof RecordedPlayback);
  }

  /** A playback under way, by its id or by its infohash. */
  byId(id: string): RecordedPlayback | null {
    const stream = this.streams.find(id);
    return stream instanceof RecordedPlayback ? stream : null;
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
    this.streams.mustBeOpen();
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

  busyFor(playback: RecordedPlayback): ReadonlySet<string> {
    const busy = new Set<string>();
    for (const other of this.list()) {
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
    this.streams.limits.remove(viewer);
  }

  playbackOver(playback: RecordedPlayback): void {
    this.streams.over(playback);
  }

  /** It is no media: told to everybody who waits for it, and remembered. */
  private refuse(content: RecordedContent, error: AppError): void {
    this.contents.forget(content);
    this.faults.remember(streamKey(content.selector), error);
    if (content.verdict !== null) return;
    content.verdict = error;
    for (const playback of this.of(content)) playback.fail(error);
  }

  /** Another playback of the content, which nobody reads yet. */
  open(content: RecordedContent): RecordedPlayback {
    const playback = new RecordedPlayback(this.freeId(content), content, this.services, this);
    this.streams.add(playback);
    return playback;
  }

  /** The content's public id, with a number behind it from its second playback on. */
  private freeId({ selector }: RecordedContent): string {
    const base = publicStreamId(selector);
    // The broadcast start that found the file has the same id, and is about to end.
    const taken = new Set(this.list().map(({ id }) => id));
    for (let n = 1; ; n += 1) {
      const id = n === 1 ? base : `${base}~${n}`;
      if (!taken.has(id)) return id;
    }
  }
}
