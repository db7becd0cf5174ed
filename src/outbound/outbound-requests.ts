import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import type { AllowedTarget } from '../config';
import { AppError } from '../kernel/errors';
import { linkAbort } from '../kernel/linked-abort';
import { limitBody } from './limited-body';
import { outboundFailure } from './outbound-failure';
import type { OwnHosts } from './own-hosts.port';
import { readAddress, redirectAddress, targetOf, userOf } from './target-address';
import { refusal, type ResolvedHost, type Target } from './target-rules';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const CONNECT_MS = 10_000;
/** Longest wait for the head of the answer, and for each further part of the body. */
const SILENCE_MS = 30_000;
/** Headers that a redirect must not carry to another host. */
const PRIVATE_HEADERS = new Set(['authorization', 'cookie']);

export interface OutboundGet {
  /** Aborts the request and its body. */
  readonly signal: AbortSignal;
  /** Largest body of the answer, unpacked. */
  readonly maxBytes: number;
  /** Time for the whole request with all redirects and the body. */
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** True if somebody other than an administrator chose the address: then private networks are refused too. */
  readonly isUntrusted?: boolean;
}

export interface OutboundPost extends OutboundGet {
  /** The body, which is sent with its length. `headers` say its type. */
  readonly body: string;
}

export interface OutboundAnswer {
  /** Any status; of a GET request, none of those of redirects. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /**
   * Unpacked if the answer was compressed for the transfer. The caller reads it to its end or destroys it. It fails with
   * `outbound_failed` if it is too large, too slow or not complete.
   */
  readonly body: Readable;
}

/** Resolves a host name to all of its addresses. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface OutboundLimits {
  readonly connectMs: number;
  readonly silenceMs: number;
}

/** Requests to addresses that an administrator or a user gave. */
export class OutboundRequests {
  constructor(
    private readonly allowed: readonly AllowedTarget[],
    private readonly ownHosts: OwnHosts,
    private readonly resolve: Resolve = resolveName,
    private readonly limits: OutboundLimits = { connectMs: CONNECT_MS, silenceMs: SILENCE_MS },
  ) {}

  /**
   * Sends a GET request, follows redirects, and resolves with the head of the answer.
   *
   * @throws AppError `outbound_refused` for a target that may not be reached, `outbound_failed` if there is no answer.
   *   Its detail contains neither the path, the query and the user of the address nor anything from the body
   */
  get(address: string, options: OutboundGet): Promise<OutboundAnswer> {
    return this.request(address, options, null);
  }

  /**
   * Sends a POST request, and resolves with the head of the answer. Redirects are not followed, because the receiver of a
   * body should be the one that was chosen.
   *
   * @throws as `get`
   */
  post(address: string, { body, ...options }: OutboundPost): Promise<OutboundAnswer> {
    return this.request(address, options, body);
  }

  /** @param sentBody null for a GET request */
  private async request(
    address: string,
    options: OutboundGet,
    sentBody: string | null,
  ): Promise<OutboundAnswer> {
    const control = new AbortController();
    const unlink = linkAbort(control, [options.signal]);
    const timer = setTimeout(() => {
      control.abort(failed(`there was no complete answer within ${options.timeoutMs} ms`));
    }, options.timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      unlink();
    };
    try {
      const { response, where } = await this.follow(address, options, sentBody, control.signal);
      const { statusCode: status = 0, headers } = response;
      const { maxBytes } = options;
      const limits = { maxBytes, silenceMs: this.limits.silenceMs, signal: control.signal };
      const body = Readable.from(limitBody(response, where, limits), { objectMode: false });
      body.once('close', () => {
        response.destroy();
        end();
      });
      return { status, headers, body };
    } catch (error) {
      end();
      throw error;
    }
  }

  private async follow(
    address: string,
    { headers = {}, isUntrusted = false }: OutboundGet,
    body: string | null,
    signal: AbortSignal,
  ): Promise<{ response: IncomingMessage; where: string }> {
    let url = readAddress(address);
    let sent: Record<string, string> = { 'user-agent': 'acefleet', ...lowerCased(headers) };
    let user = userOf(url);
    for (let redirects = 0; ; redirects++) {
      const response = await this.send(
        url,
        user === '' ? sent : { ...sent, authorization: user },
        body,
        isUntrusted,
        signal,
      );
      const location = response.headers.location;
      const isRedirect = REDIRECTS.has(response.statusCode ?? 0) && location !== undefined;
      if (body !== null || !isRedirect) {
        return { response, where: url.host };
      }
      response.destroy();
      if (redirects === MAX_REDIRECTS) {
        throw failed(`${url.host} redirects more than ${MAX_REDIRECTS} times`);
      }
      const next = redirectAddress(location, url);
      if (next.origin !== url.origin) {
        user = '';
        sent = Object.fromEntries(
          Object.entries(sent).filter(([key]) => !PRIVATE_HEADERS.has(key)),
        );
      }
      user = userOf(next) || user;
      url = next;
    }
  }

  /** Resolves the host, checks each of its addresses, and connects to one of these and to no other. */
  private async send(
    url: URL,
    headers: Record<string, string>,
    body: string | null,
    isUntrusted: boolean,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const target = { ...targetOf(url), isUntrusted };
    const addresses = await this.checkedAddresses(target, url.host, signal);
    const { connectMs, silenceMs } = this.limits;
    const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)({
      host: target.hostname,
      port: target.port,
      method: body === null ? 'GET' : 'POST',
      path: url.pathname + url.search,
      headers: {
        ...{ host: url.host, accept: '*/*', 'accept-encoding': 'gzip, identity', ...headers },
        ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      agent: false,
      lookup: answerWith(addresses),
    });
    const fail = (error: Error): void => void outgoing.destroy(error);
    const onAbort = (): void => fail(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    outgoing.once('close', () => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
    const connecting = setTimeout(() => {
      fail(failed(`${url.host} accepts no connection within ${connectMs} ms`));
    }, connectMs);
    const answering = setTimeout(() => {
      fail(failed(`${url.host} sends no answer within ${silenceMs} ms`));
    }, silenceMs + connectMs);
    outgoing.once('socket', (socket) => socket.once('connect', () => clearTimeout(connecting)));
    // This listener stays: a reset is also reported here, and an error without a listener would end the process.
    outgoing.on('error', () => undefined);
    outgoing.end(body ?? undefined);
    try {
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      response.on('error', () => undefined);
      return response;
    } catch (error) {
      throw outboundFailure(url.host, error, signal);
    } finally {
      clearTimeout(connecting);
      clearTimeout(answering);
    }
  }

  private async checkedAddresses(
    target: Target,
    where: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const [addresses, ownHosts] = await unlessAborted(
      Promise.all([this.addressesOf(target.hostname), this.resolvedOwnHosts()]),
      signal,
    );
    if (addresses.length === 0) throw failed(`the name of ${where} cannot be resolved`);
    // A name that has one forbidden address among others may be a trap, so all of them must be allowed.
    for (const address of addresses) {
      const reason = refusal(target, address, this.allowed, ownHosts);
      if (reason !== null) {
        const detail = `${where} is at ${reason}; OUTBOUND_ALLOW can list it`;
        throw new AppError('outbound_refused', detail);
      }
    }
    return addresses;
  }

  private resolvedOwnHosts(): Promise<ResolvedHost[]> {
    return Promise.all(
      this.ownHosts
        .list()
        .map(async (own) => ({ ...own, addresses: await this.addressesOf(own.host) })),
    );
  }

  /** Empty if the name cannot be resolved. */
  private addressesOf(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return Promise.resolve([host]);
    return this.resolve(host).catch(() => []);
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]),
  );
}

/** Lets a connection go to the addresses that were checked, whatever the name's addresses are by then. */
function answerWith(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, { all }, callback) => {
    const [first] = entries;
    if (all === true || first === undefined) callback(null, entries);
    else callback(null, first.address, first.family);
  };
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const waiting = new AbortController();
  const aborted = once(signal, 'abort', { signal: waiting.signal }).then(() => {
    throw signal.reason as Error;
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    aborted.catch(() => undefined);
    waiting.abort();
  }
}

async function resolveName(hostname: string): Promise<readonly string[]> {
  const entries = await lookup(hostname, { all: true });
  return entries.map(({ address }) => address);
}

function failed(detail: string): AppError {
  return new AppError('outbound_failed', detail);
}
