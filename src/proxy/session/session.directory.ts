import { BlockList, isIPv6 } from 'node:net';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../../config';
import { JobHandler, type JobTable } from '../../coordination';
import { EngineAllocator } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import {
  infohashKey,
  streamKey,
  type ContentSelector,
  type SourceSelector,
  type StreamKey,
} from '../../kernel/content-selector';
import { selectorOf } from '../../channels';
import { AppError } from '../../kernel/errors';
import { CatchUpScheduler, type Viewer } from '../viewers';
import { ContentAliases } from './content-aliases';
import { NegativeCache } from './negative-cache';
import { publicStreamId } from './public-id';
import { isMissedLess } from './paused-viewers';
import { isSwitch } from './player-switch';
import type { FoundRecording, RecordingHost } from './recording-host';
import type { SessionOwner } from './session-owner';
import { SessionServices } from './session-services';
import { snapshotOf, type SessionSnapshot } from './session-snapshot';
import type { EndReason } from './session.types';
import { rotaOf } from './supply/source-rota';
import { StreamMemory } from './stream-memory';
import { StreamSession } from './stream-session';
import { ViewerLimits } from './viewer-limits';

const MAX_PAST_SESSIONS = 200;
const NO_ENGINES: ReadonlySet<string> = new Set();

/**
 * All sessions, by every key they are known under. The one place where a session is made, so that a
 * content has at most one: whoever asks while a start is under way joins it.
 */
@Injectable()
export class SessionDirectory implements SessionOwner, OnModuleInit, OnModuleDestroy {
  private readonly byKey = new Map<StreamKey, StreamSession>();
  private readonly sessions = new Set<StreamSession>();
  /** Snapshots only: a session that is over must not keep its ring alive. */
  private readonly past: SessionSnapshot[] = [];
  private readonly faults: NegativeCache;
  readonly limits: ViewerLimits;
  private readonly memory: StreamMemory;
  private stopReclaiming: () => void = () => undefined;
  private isClosing = false;
  /** Where recorded content is played. */
  recordings: RecordingHost | null = null;
  private readonly overListeners: ((session: StreamSession) => void)[] = [];

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly services: SessionServices,
    private readonly engines: EngineAllocator,
    private readonly aliases: ContentAliases,
    private readonly catchUp: CatchUpScheduler,
  ) {
    this.faults = new NegativeCache(config.negativeCacheTtlMs, monotonicMs);
    this.memory = new StreamMemory(config, () => this.list());
    const exempt = exemptAddresses(config.trustedProxies);
    this.limits = new ViewerLimits(
      {
        total: config.proxyMaxClients,
        perStream: config.proxyMaxClientsPerStream,
        perIp: config.proxyMaxClientsPerIp,
      },
      (ip) => exempt.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4'),
    );
  }

  onModuleInit(): void {
    this.services.channels.onChange((id) => {
      // A list that was mended is to be tried at once.
      const keys = streamKey({ kind: 'channel', value: id, fileIndex: 0 }).replace(/0$/, '');
      this.faults.forgetAll((key) => key.startsWith(keys));
    });
    this.stopReclaiming = this.engines.onCapacityNeeded((excluded) => this.reclaim(excluded));
    this.memory.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopReclaiming();
    this.memory.stop();
    await this.endAll('shutdown');
  }

  /** Ends a stream whose grace period is over, unless it has ended already or somebody watches it again. */
  @JobHandler('stream.grace')
  async endAfterGrace({ streamUid }: JobTable['stream.grace']): Promise<void> {
    await this.list()
      .find(({ uid }) => uid === streamUid)
      ?.endIfEmpty();
  }

  /** Live sessions, oldest first. */
  list(): StreamSession[] {
    return [...this.sessions];
  }

  /** Sessions that are over, newest first. */
  listPast(): readonly SessionSnapshot[] {
    return this.past;
  }

  /** A live session by its public id or by its infohash. */
  find(id: string): StreamSession | null {
    for (const session of this.sessions) if (session.id === id) return session;
    for (const session of this.sessions) if (session.infohash === id) return session;
    // An id whose session was merged into another one is an alias of that one from then on.
    const asContent = streamKey({ kind: 'content_id', value: id, fileIndex: 0 });
    return this.byKey.get(asContent) ?? this.byKey.get(infohashKey(id, 0)) ?? null;
  }

  /** The newest session of this id that is over. */
  findPast(id: string): SessionSnapshot | null {
    return this.past.find((session) => session.id === id || session.infohash === id) ?? null;
  }

  /** The live session of a content, if there is one. Starts nothing. */
  lookup(selector: ContentSelector): StreamSession | null {
    const session = this.byKey.get(streamKey(selector));
    if (session !== undefined) return session;
    const infohash = this.knownInfohash(selector);
    return infohash === null
      ? null
      : (this.byKey.get(infohashKey(infohash, selector.fileIndex)) ?? null);
  }

  /**
   * The session of a content, made and started when there is none. The viewer is counted in, and has to
   * be removed by its host. Throws AppError: limits, remembered faults, shutting down.
   */
  join(selector: ContentSelector, viewer: Viewer): StreamSession {
    const existing = this.admit(selector);
    this.limits.check(viewer.identity.ip, existing?.viewers.size ?? 0);
    const session = existing ?? this.open(selector);
    this.limits.add(viewer);
    session.addViewer(viewer);
    return session;
  }

  /** The same for a caller at `ip` who only holds the session for a while; the same limits apply. */
  hold(selector: ContentSelector, holder: object, ip: string): StreamSession {
    const existing = this.admit(selector);
    this.limits.check(ip, existing?.viewers.size ?? 0);
    const session = existing ?? this.open(selector);
    session.hold(holder);
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
  canHoldPlaylist(session: StreamSession): boolean {
    return this.memory.canHoldPlaylist(session);
  }

  onSessionOver(listener: (session: StreamSession) => void): void {
    this.overListeners.push(listener);
  }

  /** From now on nobody new is let in. */
  close(): void {
    this.isClosing = true;
  }

  /** @throws AppError `shutting_down` once nobody new is let in */
  mustBeOpen(): void {
    if (this.isClosing) throw new AppError('shutting_down', 'The proxy is about to end.');
  }

  /** @throws AppError `no_capacity` when there is no place for one more stream */
  mustHavePlace(): void {
    const isFull = (): boolean =>
      this.sessions.size + (this.recordings?.count ?? 0) >= this.config.proxyMaxSessions;
    if (!isFull()) return;
    void this.reclaim();
    if (!isFull()) return;
    this.recordings?.makePlace();
    if (!isFull()) return;
    const detail = `All ${this.config.proxyMaxSessions} places for streams are taken.`;
    throw new AppError('no_capacity', detail);
  }

  recordingAnswered(found: FoundRecording): boolean {
    return !this.isClosing && this.recordings?.take(found) === true;
  }

  recordingFound(session: StreamSession, error: AppError): boolean {
    const { rota } = session;
    if (this.isClosing || rota.channelId !== null) return false;
    return this.recordings?.learn(rota.content, session.infohash, error) === true;
  }

  async endAll(reason: EndReason): Promise<void> {
    await Promise.all([
      ...[...this.sessions].map((session) => session.end(reason)),
      this.recordings?.endAll(reason),
    ]);
  }

  infohashKnown(session: StreamSession, infohash: string): StreamSession | null {
    // The answer came together with the end.
    if (session.isOver) return null;
    const selector = session.rota.content;
    const guessed = this.knownInfohash(selector);
    if (guessed !== null && guessed !== infohash) {
      // What was remembered is no longer so: whoever asks for that infohash wants another content.
      const stale = infohashKey(guessed, selector.fileIndex);
      if (this.byKey.get(stale) === session) this.byKey.delete(stale);
    }
    if (selector.kind === 'content_id') this.aliases.remember(selector.value, infohash);
    const key = infohashKey(infohash, selector.fileIndex);
    const other = this.byKey.get(key);
    if (other !== undefined && other !== session) {
      if (session.readyMs === null) this.byKey.set(session.key, other);
      return other;
    }
    this.byKey.set(key, session);
    return null;
  }

  isPlayedElsewhere(session: StreamSession, content: SourceSelector): boolean {
    const other = this.lookup(content);
    return other !== null && other !== session;
  }

  isSwitching(session: StreamSession, excluded: ReadonlySet<string>): boolean {
    for (const { current, viewers } of this.sessions) {
      const engineId = current?.lease.engine.id;
      if (engineId === undefined || excluded.has(engineId)) continue;
      if (isSwitch(viewers, session.viewers, (ip) => this.limits.isExempt(ip))) return true;
    }
    return false;
  }

  sourceChanged(session: StreamSession): void {
    for (const [key, known] of this.byKey) {
      if (known === session && key !== session.key) this.byKey.delete(key);
    }
  }

  sessionLive(session: StreamSession): void {
    this.memory.share();
    this.faults.forget(session.key);
  }

  sessionOver(session: StreamSession): void {
    this.sessions.delete(session);
    this.memory.share();
    for (const [key, known] of this.byKey) if (known === session) this.byKey.delete(key);
    if (session.error !== null && session.isFaultOfContent) {
      this.faults.remember(session.key, session.error);
    }
    // What became of recorded content is told where it is played.
    if (session.endReason !== 'recorded') this.past.unshift(snapshotOf(session));
    if (this.past.length > MAX_PAST_SESSIONS) this.past.pop();
    for (const listener of this.overListeners) listener(session);
  }

  viewerGone(viewer: Viewer): void {
    this.limits.remove(viewer);
  }

  private knownInfohash({ kind, value }: ContentSelector): string | null {
    return kind === 'content_id' ? this.aliases.infohashOf(value) : null;
  }

  private admit(selector: ContentSelector): StreamSession | null {
    this.mustBeOpen();
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
  ): StreamSession | null {
    if (selector.kind !== 'channel' || best === undefined) return null;
    const session = this.lookup(best);
    if (session === null) return null;
    session.rota.serve(rotaOf(selector, this.services, () => false));
    this.byKey.set(streamKey(selector), session);
    return session;
  }

  private open(selector: ContentSelector): StreamSession {
    this.mustHavePlace();
    const id = publicStreamId(selector);
    const session = new StreamSession(id, selector, this.services, this.catchUp, this);
    this.sessions.add(session);
    this.byKey.set(session.key, session);
    this.memory.share();
    const infohash = this.knownInfohash(selector);
    if (infohash !== null) {
      this.byKey.set(infohashKey(infohash, selector.fileIndex), session);
    }
    return session;
  }

  /** Ends a session that nobody watches, the one that is missed least. True when one was ended. */
  private async reclaim(excluded: ReadonlySet<string> = NO_ENGINES): Promise<boolean> {
    let least: StreamSession | null = null;
    for (const session of this.sessions) {
      if (session.watching > 0 || session.current === null) continue;
      if (excluded.has(session.current.lease.engine.id)) continue;
      if (least === null || isMissedLess(session, least)) least = session;
    }
    await least?.end('reclaimed');
    return least !== null;
  }
}

/** Loopback and our own reverse proxies speak for many viewers: no limit per address for them. */
function exemptAddresses(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
  for (const entry of trusted) {
    const [address = '', prefix] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
