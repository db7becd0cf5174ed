import { createHash, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Content } from './content';
import type { Options } from './options';

/** The reason why a session has ended. `lost`: the engine forgot it, as after a restart. */
export type SessionEnd = 'stopped' | 'expired' | 'replaced' | 'taken_over' | 'stolen' | 'lost';

/** A connection that receives the media of a session. */
export interface SessionReader {
  readonly session: EngineSession;
  /** Ends the body correctly. */
  end(): void;
  /** Sends no more bytes; the socket stays open. */
  freeze(): void;
}

/** One playback: a content that one player requested. */
export class EngineSession {
  readonly playbackSessionId = randomBytes(20).toString('hex');
  readonly createdAt = performance.now();
  readonly readers = new Set<SessionReader>();
  readonly tokens: string[] = [];
  lastActivity = this.createdAt;
  lastListAt = -Infinity;
  polls = 0;
  ended: SessionEnd | null = null;
  bytes = 0;
  /** False if a fault prevents the client from knowing how to stop it. */
  stoppable = true;

  constructor(
    readonly content: Content,
    /** md5 of the player id; second segment of the session's addresses. */
    readonly key: string,
    readonly playerId: string,
    readonly clientSessionId: number,
    readonly stopNotifications: boolean,
  ) {}

  get readyAt(): number {
    return this.createdAt + this.content.settings.startDelayMs;
  }

  touch(): void {
    this.lastActivity = performance.now();
  }
}

export interface SessionCounters {
  readonly sessions_opened: number;
  readonly sessions_stopped: number;
  readonly sessions_expired: number;
  readonly sessions_replaced: number;
  readonly sessions_taken_over: number;
  readonly sessions_lost: number;
  readonly sessions_open: number;
  readonly sessions_open_unread: number;
  readonly sessions_leaked: number;
}

const REMEMBERED_ENDS = 2000;
/** A player that fetched a playlist or a segment within this time counts as reading. */
const HLS_ACTIVE_MS = 15_000;

export function playerKey(playerId: string): string {
  return createHash('md5').update(playerId).digest('hex');
}

/**
 * The engine's sessions and their rule: one live content is sent to one player. A player that requests the content
 * of another player takes it over; the other player gets media for a moment and is then ended.
 */
export class SessionTable {
  private readonly open = new Map<string, EngineSession>();
  private readonly byToken = new Map<string, EngineSession>();
  private readonly endings = new Map<string, SessionEnd>();
  private readonly takeovers = new Map<SessionReader, NodeJS.Timeout>();
  private readonly ends: Record<SessionEnd, number> = {
    stopped: 0,
    expired: 0,
    replaced: 0,
    taken_over: 0,
    stolen: 0,
    lost: 0,
  };
  private opened = 0;
  private leaked = 0;
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    private readonly options: Pick<Options, 'idleTimeoutMs' | 'takeoverMs'>,
    private readonly onEnd: (session: EngineSession, end: SessionEnd) => void,
  ) {
    const every = Math.min(1000, Math.max(20, options.idleTimeoutMs / 4));
    this.sweeper = setInterval(() => this.expireIdle(), every);
    this.sweeper.unref();
  }

  start(
    content: Content,
    playerId: string,
    clientSessionId: number,
    stopNotifications: boolean,
  ): EngineSession {
    const key = playerKey(playerId);
    for (const other of this.list()) {
      if (other.key === key) this.end(other, 'replaced');
      else if (other.content.infohash === content.infohash) this.takeOver(other);
    }
    const session = new EngineSession(content, key, playerId, clientSessionId, stopNotifications);
    this.endings.delete(`${content.infohash}/${key}`);
    this.open.set(`${content.infohash}/${key}`, session);
    this.opened += 1;
    return session;
  }

  get(infohash: string, key: string): EngineSession | undefined {
    return this.open.get(`${infohash}/${key}`);
  }

  /** The reason why the session of this address ended; null if there was none. */
  endingOf(infohash: string, key: string): SessionEnd | undefined {
    return this.endings.get(`${infohash}/${key}`);
  }

  /** A new address for the media of the session. */
  issueToken(session: EngineSession): string {
    const token = randomBytes(16).toString('hex');
    this.byToken.set(token, session);
    session.tokens.push(token);
    if (session.tokens.length > 100) this.byToken.delete(session.tokens.shift() ?? '');
    return token;
  }

  ofToken(token: string): EngineSession | undefined {
    return this.byToken.get(token);
  }

  list(): EngineSession[] {
    return [...this.open.values()];
  }

  /**
   * Stops the session. If it took its content over from another player, and that player's reader still gets media,
   * the reader freezes (observed on real engines).
   */
  stop(session: EngineSession): void {
    for (const [reader, timer] of this.takeovers) {
      if (reader.session.content.infohash !== session.content.infohash) continue;
      clearTimeout(timer);
      this.takeovers.delete(reader);
      reader.freeze();
    }
    this.end(session, 'stopped');
  }

  /** Ends the session for the API; its readers end too unless `keepReaders`. */
  end(session: EngineSession, end: SessionEnd, keepReaders = false): void {
    if (session.ended !== null) return;
    session.ended = end;
    this.ends[end] += 1;
    if (end === 'expired' && session.stoppable) this.leaked += 1;
    const address = `${session.content.infohash}/${session.key}`;
    if (this.open.get(address) === session) this.open.delete(address);
    this.endings.set(address, end);
    const oldest = this.endings.keys().next();
    if (this.endings.size > REMEMBERED_ENDS && !oldest.done) this.endings.delete(oldest.value);
    for (const token of session.tokens) this.byToken.delete(token);
    this.onEnd(session, end);
    if (!keepReaders) for (const reader of [...session.readers]) reader.end();
  }

  /** Forgets every session, like a restarted engine. */
  forgetAll(): void {
    for (const session of this.list()) this.end(session, 'lost');
  }

  counters(): SessionCounters {
    const unread = this.list().filter((session) => !isRead(session));
    return {
      sessions_opened: this.opened,
      sessions_stopped: this.ends.stopped,
      sessions_expired: this.ends.expired,
      sessions_replaced: this.ends.replaced,
      sessions_taken_over: this.ends.taken_over,
      sessions_lost: this.ends.lost + this.ends.stolen,
      sessions_open: this.open.size,
      sessions_open_unread: unread.length,
      sessions_leaked: this.leaked + unread.filter((session) => session.stoppable).length,
    };
  }

  resetCounters(): void {
    this.opened = this.open.size;
    this.leaked = 0;
    for (const end of Object.keys(this.ends) as SessionEnd[]) this.ends[end] = 0;
  }

  close(): void {
    clearInterval(this.sweeper);
    for (const timer of this.takeovers.values()) clearTimeout(timer);
    this.takeovers.clear();
  }

  private takeOver(loser: EngineSession): void {
    this.end(loser, 'taken_over', true);
    for (const reader of loser.readers) {
      const timer = setTimeout(() => {
        this.takeovers.delete(reader);
        reader.end();
      }, this.options.takeoverMs);
      this.takeovers.set(reader, timer);
    }
  }

  private expireIdle(): void {
    const before = performance.now() - this.options.idleTimeoutMs;
    for (const session of this.list()) {
      if (session.readers.size === 0 && session.lastActivity < before) this.end(session, 'expired');
    }
  }
}

function isRead(session: EngineSession): boolean {
  return session.readers.size > 0 || performance.now() - session.lastListAt < HLS_ACTIVE_MS;
}
