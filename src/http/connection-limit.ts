import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { addressGroup } from './address-group';
import { type AddressedConnection, ConnectionsByAddress } from './connections-by-address';
import { RepeatedWarning } from './repeated-warning';

/** Connections beside those of viewers: admin calls, players that probe, and callers about to be refused. */
const SPARE_CONNECTIONS = 2_500;

/** Files that are neither callers' connections nor engines': Docker, the log, state on disk, and connections beyond the limit. */
const OTHER_DESCRIPTORS = 106;

/** Contents, each of which may be read from an engine, for which there is always room. */
const LEAST_CONTENTS = 150;

/** With hardly any descriptors: better too few for engines than no caller at all. */
const LEAST_CONNECTIONS = 16;

/** Connections beyond the limit, which may ask one thing; with hardly any descriptors a fifth of those. */
const MAX_BEYOND = 64;
const BEYOND_OF_DESCRIPTORS = 5;

export interface ConnectionNeeds {
  readonly proxyMaxClients: number;
  readonly proxyMaxSessions: number;
}

/**
 * How many connections are accepted at once.
 *
 * @param descriptorLimit most files that the process may have open; null when unknown
 */
export function connectionLimit(needs: ConnectionNeeds, descriptorLimit: number | null): number {
  const wanted = needs.proxyMaxClients + SPARE_CONNECTIONS;
  if (descriptorLimit === null) return wanted;
  const free = descriptorLimit - OTHER_DESCRIPTORS;
  // A content is read for somebody who has a connection as well, so that half of what is free is enough for all contents.
  const besideMany = Math.min(Math.floor(free / 2), free - LEAST_CONTENTS);
  const besideAll = free - Math.max(needs.proxyMaxSessions, LEAST_CONTENTS);
  return Math.min(wanted, Math.max(LEAST_CONNECTIONS, besideMany, besideAll));
}

/**
 * How many connections are accepted beyond the limit.
 *
 * @param descriptorLimit as above
 */
export function connectionsBeyond(descriptorLimit: number | null): number {
  if (descriptorLimit === null) return MAX_BEYOND;
  return Math.min(MAX_BEYOND, Math.floor(descriptorLimit / BEYOND_OF_DESCRIPTORS));
}

export interface LimitCounts {
  /** Connections without a request in progress that gave way. */
  closed: number;
  /** Requests on connections beyond the limit that were answered with 503. */
  refused: number;
  /** Connections beyond the limit that gave way although a request on them was in progress. */
  dropped: number;
}

interface Connection extends AddressedConnection {
  readonly socket: Socket;
  /** Accepted although the limit was reached. */
  isBeyond: boolean;
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse } | null;
}

/**
 * Keeps the number of connections within a limit, so that descriptors never run out, and keeps the program reachable at the
 * limit: there some more connections are accepted. One that asks something takes the place of one without a request in
 * progress, first of the address with most of them. When there is none, its request is answered only if it is not for a stream, and
 * is its last. When the places beyond the limit are full as well, the oldest connection there is closed for the newest one, so that every
 * new caller gets an answer: such answers take milliseconds. There is no limit per address: a household behind a proxy is one address.
 */
export class ConnectionLimit {
  /** What was done because the limit was reached, since the start. */
  readonly counts: LimitCounts = { closed: 0, refused: 0, dropped: 0 };
  private told: Readonly<LimitCounts> = { ...this.counts };
  private readonly connections = new Map<Socket, Connection>();
  /** Within the limit and beyond it; also those whose request is still arriving. */
  private readonly idle = new ConnectionsByAddress<Connection>();
  private readonly idleBeyond = new ConnectionsByAddress<Connection>();
  /** All of them, idle or not. */
  private readonly beyond = new ConnectionsByAddress<Connection>();
  private readonly warning: RepeatedWarning;

  /** @param warn is given a line when the limit has consequences, at once and then every 10 s */
  constructor(
    readonly limit: number,
    warn: (line: string) => void,
    private readonly maxBeyond = MAX_BEYOND,
  ) {
    this.warning = new RepeatedWarning(() => warn(this.describeNews()));
  }

  get size(): number {
    return this.connections.size;
  }

  /** Accepts a connection, for which another one may have to go. */
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

  /** A request has come up on a connection; it is in progress until its response is over. */
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

  /** Whether a connection that asks something has a place within the limit, if need be that of an idle one. */
  hasPlace(socket: Socket): boolean {
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

  /** Those beyond it do not count. */
  private get isReached(): boolean {
    return this.connections.size - this.beyond.size >= this.limit;
  }

  private idleOf(connection: Connection): ConnectionsByAddress<Connection> {
    return connection.isBeyond ? this.idleBeyond : this.idle;
  }

  /** False when all of them turn out to have a request in progress. */
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
    const { counts, told } = this;
    this.told = { ...counts };
    return (
      `the limit of ${this.limit} connections is reached: ${counts.closed - told.closed} idle connections closed, ` +
      `${counts.refused - told.refused} requests refused, ${counts.dropped - told.dropped} connections dropped`
    );
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0;
}

/** A request whose body has not arrived is none in progress: one that never arrives would hold its place. */
function isBusy({ exchange }: Connection): boolean {
  return exchange !== null && (exchange.request.complete || exchange.response.headersSent);
}
