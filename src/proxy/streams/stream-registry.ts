import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type AppConfig, viewOf } from '../../config';
import { StreamUsers, UserActivity } from '../../access';
import { firstToEnd } from '../../engines';
import { RateLimit, sharedAddresses } from '../../http';
import { infohashKey, streamKey, type StreamKey } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { EgressLimit, type EgressSettings } from './egress-limit';
import type { Stream, StreamSnapshot } from './stream';
import type { EndReason } from './stream.types';
import { Viewer } from '../viewers';
import { UserStreams, type StreamUse } from './user-streams';
import { ViewerLimits } from './viewer-limits';

const MAX_PAST_STREAMS = 200;

export type RegistryConfig = EgressSettings &
  Pick<
    AppConfig,
    | 'proxyMaxSessions'
    | 'proxyMaxClients'
    | 'proxyMaxClientsPerStream'
    | 'proxyMaxClientsPerIp'
    | 'proxyMaxStartsPerIp'
    | 'trustedProxies'
  >;

/** All running streams, live and file, by id and by key; and snapshots of the streams that ended last. */
@Injectable()
export class StreamRegistry {
  /** Counts the viewers of all streams together. */
  readonly limits: ViewerLimits;
  readonly users: UserStreams;
  readonly egress: EgressLimit;
  private readonly starts: RateLimit;
  private readonly streams = new Set<Stream>();
  private readonly byKey = new Map<StreamKey, Stream>();
  /** Snapshots instead of streams, so that an ended stream does not keep its history in memory. */
  private readonly past: StreamSnapshot[] = [];
  private readonly listeners: ((stream: Stream) => void)[] = [];
  private isClosing = false;

  constructor(
    @Inject(CONFIG) private readonly config: RegistryConfig,
    @Inject(StreamUsers) users: Pick<StreamUsers, 'refusalOf' | 'onRevocation'>,
    activity: UserActivity,
  ) {
    this.users = new UserStreams((user, ip) => users.refusalOf(user, ip));
    users.onRevocation(() => this.users.endRevoked());
    activity.countBy((user) => {
      const streams = this.users.streamsOf(user);
      const uses = streams.flatMap((one) => one.uses);
      return { streams: streams.length, viewers: uses.filter(isViewer).length };
    });
    const shared = sharedAddresses(config.trustedProxies);
    const isExempt = (ip: string): boolean => shared.includes(ip);
    this.egress = new EgressLimit(config, this.streams);
    this.starts = new RateLimit(() => config.proxyMaxStartsPerIp, isExempt);
    this.limits = new ViewerLimits(
      viewOf(config, {
        total: 'proxyMaxClients',
        perStream: 'proxyMaxClientsPerStream',
        perIp: 'proxyMaxClientsPerIp',
      }),
      isExempt,
    );
  }

  /** Running streams, oldest first. */
  list(): Stream[] {
    return [...this.streams];
  }

  /** Ended streams, newest first. */
  listPast(): readonly StreamSnapshot[] {
    return this.past;
  }

  /** Finds a running stream by its public id, its infohash, or another id of the same content. */
  find(id: string): Stream | null {
    for (const stream of this.streams) if (stream.id === id) return stream;
    for (const stream of this.streams) if (stream.infohash === id) return stream;
    const asContent = streamKey({ kind: 'content_id', value: id, fileIndex: 0 });
    return this.byKey.get(asContent) ?? this.byKey.get(infohashKey(id, { fileIndex: 0 })) ?? null;
  }

  /** Finds the stream that ended last among those with this public id or infohash. */
  findPast(id: string): StreamSnapshot | null {
    return this.past.find((stream) => stream.id === id || stream.infohash === id) ?? null;
  }

  /** Returns the running stream that is bound to a key, or null. */
  at(key: StreamKey): Stream | null {
    return this.byKey.get(key) ?? null;
  }

  /**
   * Checks the limits of viewers for one more viewer or client of `subject`, which has `onStream` viewers. Ends nothing,
   * so that a request that is refused later does no harm: returns the uses that it replaces, as `UserStreams.check`.
   *
   * @param leaving viewers that leave anyway before this one joins
   * @throws AppError `client_limit`; `forbidden` if the user was revoked meanwhile
   */
  checkLimits(
    use: Omit<StreamUse, 'subject'>,
    subject: object | null,
    onStream: number,
    leaving: readonly Viewer[] = [],
  ): readonly StreamUse[] {
    const replaced = this.users.check(use, subject, leaving);
    this.limits.check(use.ip, onStream, [...replaced, ...leaving]);
    return replaced;
  }

  viewerJoined(viewer: Viewer): void {
    this.limits.add(viewer);
    this.users.add(viewer);
  }

  viewerLeft(viewer: Viewer): void {
    this.limits.remove(viewer);
    this.users.remove(viewer);
  }

  /**
   * Checks that `makeRoom` can make room for one more stream when the uses in `leaving` have ended. Ends nothing.
   *
   * @throws AppError `shutting_down`; `no_capacity` if the limit is reached and no stream could be ended
   */
  checkRoom(leaving: readonly StreamUse[]): void {
    this.mustBeOpen();
    if (!this.isFull() || this.list().some((stream) => mayEnd(stream, leaving))) return;
    throw this.full();
  }

  /**
   * Makes room for one more stream: ends an unwatched stream if the limit is reached.
   *
   * @throws AppError `shutting_down`; `no_capacity` if the limit is reached and no stream can be ended
   */
  makeRoom(): void {
    this.mustBeOpen();
    if (!this.isFull()) return;
    // `end` removes the stream from the registry before it returns, so there is no need to wait for it.
    void firstToEnd(this.list().filter(({ holdsSlot }) => holdsSlot))?.end('reclaimed');
    if (this.isFull()) throw this.full();
  }

  private full(): AppError {
    const detail = `The limit of ${this.config.proxyMaxSessions} streams is reached.`;
    return new AppError('no_capacity', detail);
  }

  /** True if PROXY_MAX_SESSIONS is reached, so that a new stream ends an unwatched one. */
  isFull(): boolean {
    return this.streams.size >= this.config.proxyMaxSessions;
  }

  /**
   * Counts a start that a client at `ip` causes. Call it only for a request that no running stream can serve.
   *
   * @throws AppError `rate_limited`
   */
  countStart(ip: string): void {
    this.starts.take(ip, 'Too many streams were started from this address within a minute.');
  }

  /** @throws AppError `shutting_down` after `close` */
  mustBeOpen(): void {
    if (this.isClosing) throw new AppError('shutting_down', 'The process is about to end.');
  }

  /** False after `close`. */
  get isOpen(): boolean {
    return !this.isClosing;
  }

  add(stream: Stream): void {
    this.streams.add(stream);
  }

  /** Binds the key to this stream instead of any other. */
  bind(key: StreamKey, stream: Stream): void {
    this.byKey.set(key, stream);
  }

  /** Removes the binding of the key to this stream, if there is one. */
  unbind(key: StreamKey, stream: Stream): void {
    if (this.byKey.get(key) === stream) this.byKey.delete(key);
  }

  /** Removes every binding of the stream except the one of `key`. */
  unbindOthers(key: StreamKey, stream: Stream): void {
    for (const [other, known] of this.byKey) {
      if (known === stream && other !== key) this.byKey.delete(other);
    }
  }

  /** Removes an ended stream and keeps its snapshot, unless a file playback continues it. Call once per stream. */
  over(stream: Stream): void {
    this.streams.delete(stream);
    for (const [key, known] of this.byKey) if (known === stream) this.byKey.delete(key);
    if (stream.endReason !== 'recorded') this.past.unshift(stream.snapshot());
    if (this.past.length > MAX_PAST_STREAMS) this.past.pop();
    for (const listener of this.listeners) listener(stream);
  }

  /** Calls `listener` with each stream that ends after this call. */
  onOver(listener: (stream: Stream) => void): void {
    this.listeners.push(listener);
  }

  /** From now on, `mustBeOpen` and `makeRoom` refuse new viewers and streams. */
  close(): void {
    this.isClosing = true;
  }

  async endAll(reason: EndReason): Promise<void> {
    await Promise.all(this.list().map((stream) => stream.end(reason)));
  }
}

/** True if the stream holds a slot, and nobody watches it when the uses in `leaving` have ended. */
function mayEnd({ holdsSlot, holder, viewers }: Stream, leaving: readonly StreamUse[]): boolean {
  if (!holdsSlot) return false;
  const isLast = (viewer: Viewer): boolean =>
    viewer.pausedSinceMs !== null || leaving.includes(viewer);
  return holder.watch !== 'watched' || (viewers.size > 0 && [...viewers].every(isLast));
}

function isViewer(use: StreamUse): use is Viewer {
  return use instanceof Viewer;
}
