import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type AppConfig, LiveConfig } from '../../config';
import { JobHandler, Jobs, type JobTable } from '../../coordination';
import { firstToEnd } from '../../engines';
import {
  infohashKey,
  streamKey,
  type ContentSelector,
  type SourceSelector,
} from '../../kernel/content-selector';
import type { AppError } from '../../kernel/errors';
import { SteadyWallClock } from '../../kernel/steady-wall-clock';
import {
  NegativeCache,
  publicStreamId,
  StreamRegistry,
  type Stream,
  type StreamUse,
} from '../streams';
import { BacklogScheduler, type Viewer } from '../viewers';
import { ContentAliases } from './content-aliases';
import { FileHost, type FoundFile } from './file-host';
import { LiveStream, type LiveStreamDirectory } from './live-stream';
import { EngineSources } from './sources/engine-sources';
import { SourceRotations } from './sources/source-rotation';
import type { Source } from './sources/source.port';
import { MEMORY_SETTINGS, StreamMemory } from './stream-memory';
import { StreamReporters } from './stream-reporter';

/** Finds and creates live streams. A content has at most one stream, which later requests join even while it starts. */
@Injectable()
export class LiveStreams implements LiveStreamDirectory, OnModuleInit, OnModuleDestroy {
  private readonly memory: StreamMemory;
  private subscriptions: readonly (() => void)[] = [];

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly registry: StreamRegistry,
    private readonly faults: NegativeCache,
    private readonly aliases: ContentAliases,
    private readonly rotations: SourceRotations,
    private readonly reporters: StreamReporters,
    private readonly engines: EngineSources,
    private readonly jobs: Jobs,
    private readonly backlog: BacklogScheduler,
    private readonly wallClock: SteadyWallClock,
    private readonly files: FileHost,
    private readonly settings: LiveConfig,
  ) {
    this.memory = new StreamMemory(config, () => this.list());
  }

  onModuleInit(): void {
    this.rotations.onChange((id) => {
      // The channel was edited, so forget its remembered failures. A key ends with the file index; without that, it is a
      // prefix of the keys for all file indexes.
      const keys = streamKey({ kind: 'channel', value: id, fileIndex: 0 }).replace(/0$/, '');
      this.faults.forgetAll((key) => key.startsWith(keys));
    });
    this.memory.start();
    this.subscriptions = [
      this.settings.onChange(MEMORY_SETTINGS, () => this.memory.share()),
      this.settings.onChange(['proxyGracePeriodMs'], () => {
        for (const stream of this.list()) stream.graceChanged();
      }),
    ];
  }

  async onModuleDestroy(): Promise<void> {
    for (const unsubscribe of this.subscriptions) unsubscribe();
    this.memory.stop();
    await this.registry.endAll('shutdown');
  }

  /** Ends a stream whose grace period is over, unless it has ended already or has a viewer or holder again. */
  @JobHandler('stream.grace')
  async endAfterGrace({ streamUid }: JobTable['stream.grace']): Promise<void> {
    await this.list()
      .find(({ uid }) => uid === streamUid)
      ?.endIfEmpty();
  }

  /** The live streams in the registry, oldest first. */
  list(): LiveStream[] {
    return this.registry.list().filter(isLiveStream);
  }

  /** Finds a live stream by its public id, its infohash, or another id of the same content. */
  find(id: string): LiveStream | null {
    return asLive(this.registry.find(id));
  }

  /** Returns the live stream of a content, or null. Starts nothing. */
  lookup(selector: ContentSelector): LiveStream | null {
    const stream = asLive(this.registry.at(streamKey(selector)));
    if (stream !== null) return stream;
    const infohash = this.knownInfohash(selector);
    return infohash === null ? null : asLive(this.registry.at(infohashKey(infohash, selector)));
  }

  /**
   * Adds a viewer to the stream of a content, and starts the stream if there is none. The caller must call
   * `viewer.leave` in the end.
   *
   * @param moved an earlier viewer of the same client, who leaves unless the new one is refused
   * @throws AppError `shutting_down`; the remembered failure of the content; or the error of a limit that is reached
   */
  join(selector: ContentSelector, viewer: Viewer, moved: Viewer | null = null): LiveStream {
    const stream = this.streamFor(selector, viewer, moved);
    this.registry.viewerJoined(viewer);
    stream.addViewer(viewer);
    moved?.leave('hung_up');
    return stream;
  }

  /**
   * Checks the limits of bandwidth again, now that the stream has media and its bit rate may be known. Call it right
   * before the viewer gets the first media.
   *
   * @throws AppError `egress_limit`, `bitrate_limit`
   */
  checkBandwidth(stream: LiveStream, viewer: Viewer): void {
    this.registry.egress.check(stream.viewerBps, [viewer]);
  }

  /** Like `join`, for a client that keeps the stream alive without watching it. The same limits apply. */
  hold(selector: ContentSelector, client: StreamUse): LiveStream {
    const stream = this.streamFor(selector, client);
    stream.hold(client, 'client');
    return stream;
  }

  /** Keeps the stream alive for a check of the content at the request of `ip`, which `countCheck` has counted. */
  holdForCheck(selector: ContentSelector, holder: object, ip: string): LiveStream {
    const existing = this.admit(selector);
    this.registry.limits.check(ip, existing?.viewers.size ?? 0);
    const stream = existing ?? this.open(selector);
    stream.hold(holder, 'check');
    return stream;
  }

  /** True if a new stream would end an unwatched one. */
  get isFull(): boolean {
    return this.registry.isFull();
  }

  /**
   * Counts a check of a content as a start, unless a stream of the content exists.
   *
   * @throws AppError `rate_limited`
   */
  countCheck(selector: ContentSelector, ip: string): void {
    if (this.lookup(selector) === null) this.registry.countStart(ip);
  }

  /** Returns the selectors that would be requested from engines. @throws as `SourceRotations.sourcesOf` */
  sourcesOf(selector: ContentSelector): SourceSelector[] {
    return this.rotations.sourcesOf(selector);
  }

  /** The remembered failure of this content; null if there is none. */
  knownFault(selector: ContentSelector): AppError | null {
    return this.faults.lookup(streamKey(selector));
  }

  /** Remembers the failure of a content check, so that the next request is refused at once. */
  rememberFault(selector: ContentSelector, error: AppError): void {
    this.faults.remember(streamKey(selector), error);
  }

  /** True if PROXY_BUFFER_TOTAL has room for an HLS playlist of this stream, or if its bit rate is still unknown. */
  canHoldPlaylist(stream: LiveStream): boolean {
    return this.memory.canHoldPlaylist(stream);
  }

  fileAnswered(found: FoundFile): boolean {
    return this.registry.isOpen && this.files.take(found);
  }

  fileFound(stream: LiveStream, error: AppError): boolean {
    const { rotation } = stream;
    if (!this.registry.isOpen || rotation.channelId !== null) return false;
    return this.files.learn(rotation.content, stream.infohash, error);
  }

  claim(
    stream: LiveStream,
    infohash: string,
    source: Source,
  ): 'own' | 'merged' | 'played_elsewhere' {
    const other = this.bindOrFindOther(infohash, stream);
    if (other === null) return 'own';
    const mayMerge = stream.readyMs === null;
    if (mayMerge) stream.mergeInto(other);
    other.adoptFrom(source);
    return mayMerge ? 'merged' : 'played_elsewhere';
  }

  /**
   * Returns the other stream that already plays this content. If there is none, binds the content to `stream` and returns
   * null. Also returns null if `stream` is over.
   */
  private bindOrFindOther(infohash: string, stream: LiveStream): LiveStream | null {
    // The stream ended before the engine answered, so it claims nothing.
    if (stream.isOver) return null;
    const selector = stream.rotation.content;
    const guessed = this.knownInfohash(selector);
    if (guessed !== null && guessed !== infohash) {
      // The remembered infohash is out of date, so this stream must not be found under it.
      const stale = infohashKey(guessed, selector);
      this.registry.unbind(stale, stream);
    }
    if (selector.kind === 'content_id') this.aliases.remember(selector.value, infohash);
    const key = infohashKey(infohash, selector);
    const other = asLive(this.registry.at(key));
    if (other !== null && other !== stream) {
      if (stream.readyMs === null) this.registry.bind(stream.key, other);
      return other;
    }
    this.registry.bind(key, stream);
    return null;
  }

  enginesOfOtherParts(stream: LiveStream): ReadonlySet<string> {
    return new Set(this.otherParts(stream).flatMap(({ current }) => current?.engine.id ?? []));
  }

  async endUnwatchedPart(stream: LiveStream): Promise<boolean> {
    const others = this.otherParts(stream).filter(({ current }) => current !== null);
    const next = firstToEnd(others);
    await next?.end('reclaimed');
    return next !== null;
  }

  sourceChanged(stream: LiveStream): void {
    this.registry.unbindOthers(stream.key, stream);
  }

  live(stream: LiveStream): void {
    this.memory.share();
    this.faults.forget(stream.key);
  }

  over(stream: LiveStream): void {
    if (stream.error !== null && stream.isFaultOfContent) {
      this.faults.remember(stream.key, stream.error);
    }
    this.registry.over(stream);
    this.memory.share();
  }

  viewerGone(viewer: Viewer): void {
    this.registry.viewerLeft(viewer);
  }

  /** Streams that play another part of the content that the stream plays. */
  private otherParts(stream: LiveStream): LiveStream[] {
    const id = this.torrentOf(stream);
    const key = streamKey(stream.rotation.content);
    return this.list().filter(
      (other) =>
        other !== stream &&
        this.torrentOf(other) === id &&
        streamKey(other.rotation.content) !== key,
    );
  }

  /** The infohash of the content that the stream plays; its selector without the part if that is unknown. */
  private torrentOf({ infohash, rotation: { content } }: LiveStream): string {
    const { kind, value } = content;
    if (kind === 'infohash') return value;
    return infohash ?? this.knownInfohash(content) ?? `${kind}:${value}`;
  }

  private knownInfohash({ kind, value }: ContentSelector): string | null {
    return kind === 'content_id' ? this.aliases.infohashOf(value) : null;
  }

  /**
   * Returns the stream that a request for this content joins; null if a new one must be started.
   *
   * @throws AppError `shutting_down`, or the remembered failure of the content
   */
  private admit(selector: ContentSelector): LiveStream | null {
    this.registry.mustBeOpen();
    const [best] = this.sourcesOf(selector);
    const existing = this.lookup(selector) ?? this.joinPlaying(selector, best);
    if (existing !== null) return existing;
    const fault = this.faults.lookup(streamKey(selector));
    if (fault !== null) throw fault;
    return null;
  }

  /** If a stream already plays the channel's best source, makes it the channel's stream and returns it; else null. */
  private joinPlaying(
    selector: ContentSelector,
    best: SourceSelector | undefined,
  ): LiveStream | null {
    if (selector.kind !== 'channel' || best === undefined) return null;
    const stream = this.lookup(best);
    if (stream === null) return null;
    stream.rotation.takeOverChannel(this.rotations.create(selector, () => false));
    this.registry.bind(streamKey(selector), stream);
    return stream;
  }

  /**
   * Returns the stream of a content for one more viewer or client, which is not added to it yet. Starts the stream if
   * there is none. If the limit of the user is reached, what the new use replaces ends when the stream has begun, or
   * as soon as it needs the room, but not if the request is refused or the start fails.
   */
  private streamFor(
    selector: ContentSelector,
    use: StreamUse,
    moved: Viewer | null = null,
  ): LiveStream {
    const existing = this.admit(selector);
    const { registry } = this;
    const leaving = moved === null ? [] : [moved];
    const present = existing?.viewers ?? new Set<Viewer>();
    const onStream = present.size - leaving.filter((viewer) => present.has(viewer)).length;
    const replaced = registry.checkLimits(use, existing, onStream, leaving);
    registry.egress.check(existing?.viewerBps ?? null, [...replaced, ...leaving]);
    if (existing === null) {
      registry.countStart(use.ip);
      registry.checkRoom(replaced);
    }
    // A device loses nothing that it sees. If they stayed, it could start any number of streams at once.
    registry.users.replace(replaced.filter(({ subject }) => isStarting(subject)));
    if (!this.fitsBeside(use, existing, onStream, leaving)) registry.users.replace(replaced);
    const stream = existing ?? this.open(selector);
    // A start that fails must not have ended what its device watches.
    if (replaced.length > 0) {
      stream.onceBegunOrBlocked(() => {
        registry.users.replace(registry.users.stillReplaced(use, replaced));
      });
    }
    return stream;
  }

  /** True if a use fits within all limits but that of its user, also while nothing has been replaced yet. */
  private fitsBeside(
    use: StreamUse,
    stream: LiveStream | null,
    onStream: number,
    leaving: readonly Viewer[],
  ): boolean {
    if (stream === null && this.registry.isFull()) return false;
    try {
      this.registry.limits.check(use.ip, onStream, leaving);
      this.registry.egress.check(stream?.viewerBps ?? null, leaving);
      return true;
    } catch {
      return false;
    }
  }

  private open(selector: ContentSelector): LiveStream {
    this.registry.makeRoom();
    const id = publicStreamId(selector);
    const rotation = this.rotations.create(selector, (content) => {
      const other = this.lookup(content);
      return other !== null && other !== stream;
    });
    const stream: LiveStream = new LiveStream(
      id,
      selector,
      rotation,
      this.reporters.of(id, selector),
      this,
      this.config,
      this.engines,
      this.jobs,
      this.backlog,
      this.wallClock,
    );
    this.registry.add(stream);
    this.registry.bind(stream.key, stream);
    this.memory.share();
    const infohash = this.knownInfohash(selector);
    if (infohash !== null) {
      this.registry.bind(infohashKey(infohash, selector), stream);
    }
    return stream;
  }
}

/** True if the stream is a live stream, not a file. */
export function isLiveStream(stream: Stream): stream is LiveStream {
  return stream.kind === 'live';
}

/** True for a live stream that has no media yet. */
function isStarting(subject: object | null): boolean {
  return subject instanceof LiveStream && subject.readyMs === null;
}

function asLive(stream: Stream | null): LiveStream | null {
  return stream !== null && isLiveStream(stream) ? stream : null;
}
