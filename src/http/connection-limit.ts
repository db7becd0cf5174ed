import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { addressGroup } from './address-group';
import { type AddressedConnection, ConnectionsByAddress } from './connections-by-address';
import { RepeatedWarning } from './repeated-warning';

/**
 * Connections besides those of viewers: for admin calls, players that probe, and callers that are about to be
 * refused.
 */
const SPARE_CONNECTIONS = 2_500;

/**
 * Descriptors that are neither for callers nor for engines: Docker, the log, files, and connections beyond the limit.
 */
const OTHER_DESCRIPTORS = 106;

/** Descriptors that are always left for contents, because each content may need a connection to an engine. */
const LEAST_CONTENTS = 150;

/**
 * Minimum limit of connections. With hardly any descriptors, having too few for engines is better than serving no
 * caller at all.
 */
const LEAST_CONNECTIONS = 16;

/** Maximum number of connections that are accepted beyond the limit. Each of them may send one request. */
const MAX_BEYOND = 64;
/** With few descriptors, that maximum is this part of them: one fifth. */
const BEYOND_OF_DESCRIPTORS = 5;

export interface ConnectionNeeds {
  readonly proxyMaxClients: number;
  readonly proxyMaxSessions: number;
}

/**
 * Number of connections that are accepted at once.
 *
 * @param descriptorLimit maximum number of open files of this process; null if unknown
 */
export function connectionLimit(needs: ConnectionNeeds, descriptorLimit: number | null): number {
  const wanted = needs.proxyMaxClients + SPARE_CONNECTIONS;
  if (descriptorLimit === null) return wanted;
  const free = descriptorLimit - OTHER_DESCRIPTORS;
  // Each content also has a caller's connection, so half of the free descriptors is enough for all contents.
  const besideMany = Math.min(Math.floor(free / 2), free - LEAST_CONTENTS);
  const besideAll = free - Math.max(needs.proxyMaxSessions, LEAST_CONTENTS);
  return Math.min(wanted, Math.max(LEAST_CONNECTIONS, besideMany, besideAll));
}

/**
 * Number of connections that are accepted beyond the limit.
 *
 * @param descriptorLimit as for `connectionLimit`
 */
export function connectionsBeyond(descriptorLimit: number | null): number {
  if (descriptorLimit === null) return MAX_BEYOND;
  return Math.min(MAX_BEYOND, Math.floor(descriptorLimit / BEYOND_OF_DESCRIPTORS));
}

export interface LimitCounts {
  /** Connections without a request in progress that were closed for another one. */
  closed: number;
  /** Requests on connections beyond the limit that were answered with 503. */
  refused: number;
  /** Connections beyond the limit that were closed although a request was in progress. */
  dropped: number;
}

interface Connection extends AddressedConnection {
  readonly socket: Socket;
  /** True if the connection was accepted although the limit was reached. */
  isBeyond: boolean;
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse } | null;
}

/**
 * Keeps the number of connections within a limit, so that descriptors never run out. It accepts some connections
 * beyond the limit, so that the program stays reachable.
 *
 * When a connection beyond the limit sends a request, it takes the place of a connection without a request in
 * progress, first of one that belongs to the address with the most. If there is none, only a request that is not for
 * a stream is answered, and it is the last one on its connection.
 *
 * When the connections beyond the limit are at their maximum too, a new connection replaces one without a request in
 * progress, or else the oldest one beyond the limit of the address with the most. So every new caller gets an answer,
 * which takes milliseconds. There is no limit per address, because a household behind a proxy is one address.
 */
export class ConnectionLimit {
  /** How often the limit had a consequence since the start. */
  readonly counts: LimitCounts = { closed: 0, refused: 0, dropped: 0 };
  private reported: Readonly<LimitCounts> = { ...this.counts };
  private readonly connections = new Map<Socket, Connection>();
  /** Connections within the limit that have no request in progress, or one whose body is still arriving. */
  private readonly idle = new ConnectionsByAddress<Connection>();
  /** Connections beyond the limit that have no request in progress, or one whose body is still arriving. */
  private readonly idleBeyond = new ConnectionsByAddress<Connection>();
  /** All connections beyond the limit, idle or not. */
  private readonly beyond = new ConnectionsByAddress<Connection>();
  private readonly warning: RepeatedWarning;

  /**
   * @param limitNow returns the limit, which may change
   * @param warn called with a line when the limit has consequences, at once and then every 10 s
   */
  constructor(
    private readonly limitNow: () => number,
    warn: (line: string) => void,
    private readonly maxBeyond = MAX_BEYOND,
  ) {
    this.warning = new RepeatedWarning(() => warn(this.describeNews()));
  }

  get limit(): number {
    return this.limitNow();
  }

  get size(): number {
    return this.connections.size;
  }

  /** Accepts a connection. Another one may be closed for it. */
  accept(socket: Socket): void {
    const isFull = this.isReached && this.beyond.size >= this.maxBeyond;
    if (isFull && !this.closeIdle(this.idle) && !this.closeIdle(this.idleBeyond)) this.dropOne();
    const group = addressGroup(socket.remoteAddress ?? '');
    const connection: Connection = { socket, group, isBeyond: this.isReached, exchange: null };
    if (connection.isBeyond) this.beyond.add(connection);
    this.connections.set(socket, connection);
    this.idleOf(connection).add(connection);
    socket.once('close', () => this.forget(connection));
  }

  /** Call when a request has arrived on a connection. It is in progress until its response has ended. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.connections.get(request.socket);
    if (connection === undefined) return;
    const exchange = { request, response };
    connection.exchange = exchange;
    if (!hasBody(request)) this.idleOf(connection).delete(connection);
    response.once('close', () => {
      if (connection.exchange !== exchange) return;
      connection.exchange = null;
      if (this.connections.has(connection.socket)) this.idleOf(connection).add(connection);
    });
  }

  /**
   * Returns true if a request may be handled: its connection is within the limit, or takes the place of an idle one.
   */
  admitRequest(socket: Socket): boolean {
    const connection = this.connections.get(socket);
    if (connection?.isBeyond !== true) return true;
    if (this.isReached && !this.closeIdle(this.idle)) return false;
    this.idleBeyond.delete(connection);
    connection.isBeyond = false;
    this.beyond.delete(connection);
    if (connection.exchange !== null && hasBody(connection.exchange.request)) {
      this.idle.add(connection);
    }
    return true;
  }

  count(what: keyof LimitCounts): void {
    this.counts[what] += 1;
    this.warning.note();
  }

  stop(): void {
    this.warning.stop();
  }

  /** True if the limit is reached. Connections beyond it do not count. */
  private get isReached(): boolean {
    return this.connections.size - this.beyond.size >= this.limit;
  }

  private idleOf(connection: Connection): ConnectionsByAddress<Connection> {
    return connection.isBeyond ? this.idleBeyond : this.idle;
  }

  /** Closes one idle connection. Returns false if all of them have a request in progress. */
  private closeIdle(among: ConnectionsByAddress<Connection>): boolean {
    for (let one = among.firstOfMost(); one !== null; one = among.firstOfMost()) {
      among.delete(one);
      if (isBusy(one)) continue;
      this.close(one, 'closed');
      return true;
    }
    return false;
  }

  private dropOne(): void {
    const one = this.beyond.firstOfMost();
    if (one !== null) this.close(one, 'dropped');
  }

  private close(connection: Connection, why: 'closed' | 'dropped'): void {
    this.forget(connection);
    connection.socket.destroy();
    this.count(why);
  }

  private forget(connection: Connection): void {
    if (!this.connections.delete(connection.socket)) return;
    this.beyond.delete(connection);
    this.idleOf(connection).delete(connection);
  }

  private describeNews(): string {
    const { counts, reported } = this;
    this.reported = { ...counts };
    return (
      `the limit of ${this.limit} connections is reached: ${counts.closed - reported.closed} idle connections closed, ` +
      `${counts.refused - reported.refused} requests refused, ${counts.dropped - reported.dropped} connections dropped`
    );
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * A request whose body has not arrived does not count as in progress, because a body that never arrives would occupy
 * its connection for ever.
 */
function isBusy({ exchange }: Connection): boolean {
  return exchange !== null && (exchange.request.complete || exchange.response.headersSent);
}
