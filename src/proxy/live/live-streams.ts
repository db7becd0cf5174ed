import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { EngineSession } from '../../ace';
import { CONFIG, type AppConfig } from '../../config';
import { JobHandler, type JobTable } from '../../coordination';
import type { SlotLease } from '../../engines';
import {
  infohashKey,
  streamKey,
  type ContentSelector,
  type SourceSelector,
} from '../../kernel/content-selector';
import { selectorOf } from '../../channels';
import { AppError } from '../../kernel/errors';
import { NegativeCache, publicStreamId, StreamRegistry, type Stream } from '../streams';
import { BacklogScheduler, type Viewer } from '../viewers';
import type { HolderKind } from './audience';
import { ContentAliases } from './content-aliases';
import { RecordingHost, type FoundRecording } from './recording-host';
import { SessionServices } from './session-services';
import { createSourceRotation } from './sources/source-rotation';
import { StreamMemory } from './stream-memory';
import { LiveStream, type SessionOwner } from './live-stream';

/** Makes broadcasts. The one place that does, so that a content has at most one: a request during its start joins it. */
@Injectable()
export class LiveStreams implements SessionOwner, OnModuleInit, OnModuleDestroy {
  private readonly memory: StreamMemory;
  constructor(
    @Inject(CONFIG) config: AppConfig,
    private readonly services: SessionServices,
    private readonly registry: StreamRegistry,
    private readonly faults: NegativeCache,
    private readonly aliases: ContentAliases,
    private readonly catchUp: BacklogScheduler,
    private readonly recordings: RecordingHost,
  ) {
    this.memory = new StreamMemory(config, () => this.list());
  }

  onModuleInit(): void {
    this.services.channels.onChange((id) => {
      // A list that was mended is to be tried at once.
      const keys = streamKey({ kind: 'channel', value: id, fileIndex: 0 }).replace(/0$/, '');
      this.faults.forgetAll((key) => key.startsWith(keys));
    });
    this.memory.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.memory.stop();
    await this.registry.endAll('shutdown');
  }

  /** Ends a stream whose grace period is over, unless it has ended already or somebody watches it again. */
  @JobHandler('stream.grace')
  async endAfterGrace({ streamUid }: JobTable['stream.grace']): Promise<void> {
    await this.list()
      .find(({ uid }) => uid === streamUid)
      ?.endIfEmpty();
  }

  /** Broadcasts under way, oldest first. */
  list(): LiveStream[] {
    return this.registry.list().filter(isLiveStream);
  }

  /** A broadcast under way by its public id, its infohash, or an id that turned out to be the same content. */
  find(id: string): LiveStream | null {
    return asLive(this.registry.find(id));
  }

  /** The live session of a content, if there is one. Starts nothing. */
  lookup(selector: ContentSelector): LiveStream | null {
    const session = asLive(this.registry.at(streamKey(selector)));
    if (session !== null) return session;
    const infohash = this.knownInfohash(selector);
    return infohash === null
      ? null
      : asLive(this.registry.at(infohashKey(infohash, selector.fileIndex)));
  }

  /**
   * The session of a content, made and started when there is none. The viewer is counted in, and has to
   * be removed by its host. Throws AppError: limits, remembered faults, shutting down.
   */
  join(selector: ContentSelector, viewer: Viewer): LiveStream {
    const existing = this.admit(selector);
    this.registry.limits.check(viewer.identity.ip, existing?.viewers.size ?? 0);
    const session = existing ?? this.open(selector);
    this.registry.limits.add(viewer);
    session.addViewer(viewer);
    return session;
  }

  /** The same for a caller at `ip` who only holds the session for a while; the same limits apply. */
  hold(selector: ContentSelector, holder: object, kind: HolderKind, ip: string): LiveStream {
    const existing = this.admit(selector);
    this.registry.limits.check(ip, existing?.viewers.size ?? 0);
    const session = existing ?? this.open(selector);
    session.hold(holder, kind);
    return session;
  }

  /**
   * What engines are asked for when this is wanted: the content itself, or the sources of a channel in the order in
   * which they are tried now.
   *
   * @throws AppError `content_not_found` when there is no such channel
   */
  sourcesOf(selector: ContentSelector): SourceSelector[] {
    const { kind, value, fileIndex } = selector;
    if (kind !== 'channel') return [{ kind, value, fileIndex }];
    const { channels, sources } = this.services;
    const channel = channels.get(value);
    if (channel !== null) {
      return sources.rank(channel.sources).map((source) => selectorOf(source, fileIndex));
    }
    throw new AppError('content_not_found', `There is no channel "${value}".`);
  }

  /** Why this content failed a moment ago; null when it did not. */
  knownFault(selector: ContentSelector): AppError | null {
    return this.faults.lookup(streamKey(selector));
  }

  /** What a check found out about a content, so that the next request for it is answered at once. */
  rememberFault(selector: ContentSelector, error: AppError): void {
    this.faults.remember(streamKey(selector), error);
  }

  /** Whether PROXY_BUFFER_TOTAL has room for a playlist of this stream; true while its bit rate is unknown. */
  canHoldPlaylist(session: LiveStream): boolean {
    return this.memory.canHoldPlaylist(session);
  }

  recordingAnswered(found: FoundRecording): boolean {
    return this.registry.isOpen && this.recordings.take(found);
  }

  recordingFound(session: LiveStream, error: AppError): boolean {
    const { rotation } = session;
    if (!this.registry.isOpen || rotation.channelId !== null) return false;
    return this.recordings.learn(rotation.content, session.infohash, error);
  }

  contentKnown(
    session: LiveStream,
    infohash: string,
    engineSession: EngineSession,
    lease: SlotLease,
  ): 'own' | 'same_engine' | 'merged' {
    const other = this.ownerOf(infohash, session);
    if (other === null) return 'own';
    if (session.readyMs === null) session.join(other);
    return other.supervisor.adopt(engineSession, lease) ? 'same_engine' : 'merged';
  }

  /** The other stream that plays this content already; null when the content is the session's own from now on. */
  private ownerOf(infohash: string, session: LiveStream): LiveStream | null {
    // The answer came together with the end.
    if (session.isOver) return null;
    const selector = session.rotation.content;
    const guessed = this.knownInfohash(selector);
    if (guessed !== null && guessed !== infohash) {
      // What was remembered is no longer so: whoever asks for that infohash wants another content.
      const stale = infohashKey(guessed, selector.fileIndex);
      this.registry.unbind(stale, session);
    }
    if (selector.kind === 'content_id') this.aliases.remember(selector.value, infohash);
    const key = infohashKey(infohash, selector.fileIndex);
    const other = asLive(this.registry.at(key));
    if (other !== null && other !== session) {
      if (session.readyMs === null) this.registry.bind(session.key, other);
      return other;
    }
    this.registry.bind(key, session);
    return null;
  }

  isPlayedElsewhere(session: LiveStream, content: SourceSelector): boolean {
    const other = this.lookup(content);
    return other !== null && other !== session;
  }

  sourceChanged(session: LiveStream): void {
    this.registry.unbindOthers(session.key, session);
  }

  sessionLive(session: LiveStream): void {
    this.memory.share();
    this.faults.forget(session.key);
  }

  sessionOver(session: LiveStream): void {
    if (session.error !== null && session.isFaultOfContent) {
      this.faults.remember(session.key, session.error);
    }
    this.registry.over(session);
    this.memory.share();
  }

  viewerGone(viewer: Viewer): void {
    this.registry.limits.remove(viewer);
  }

  private knownInfohash({ kind, value }: ContentSelector): string | null {
    return kind === 'content_id' ? this.aliases.infohashOf(value) : null;
  }

  private admit(selector: ContentSelector): LiveStream | null {
    this.registry.mustBeOpen();
    const [best] = this.sourcesOf(selector);
    const existing = this.lookup(selector) ?? this.joinPlaying(selector, best);
    if (existing !== null) return existing;
    const fault = this.faults.lookup(streamKey(selector));
    if (fault !== null) throw fault;
    return null;
  }

  /** A channel whose first source is being played needs no engine: that session is the channel's from now on. */
  private joinPlaying(
    selector: ContentSelector,
    best: SourceSelector | undefined,
  ): LiveStream | null {
    if (selector.kind !== 'channel' || best === undefined) return null;
    const session = this.lookup(best);
    if (session === null) return null;
    session.rotation.serve(createSourceRotation(selector, this.services, () => false));
    this.registry.bind(streamKey(selector), session);
    return session;
  }

  private open(selector: ContentSelector): LiveStream {
    this.registry.mustAdmit();
    const id = publicStreamId(selector);
    const session = new LiveStream(id, selector, this.services, this.catchUp, this);
    this.registry.add(session);
    this.registry.bind(session.key, session);
    this.memory.share();
    const infohash = this.knownInfohash(selector);
    if (infohash !== null) {
      this.registry.bind(infohashKey(infohash, selector.fileIndex), session);
    }
    return session;
  }
}

/** Whether the stream is a broadcast. */
export function isLiveStream(stream: Stream): stream is LiveStream {
  return stream.kind === 'live';
}

function asLive(stream: Stream | null): LiveStream | null {
  return stream !== null && isLiveStream(stream) ? stream : null;
}
