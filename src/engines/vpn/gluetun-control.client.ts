import { Agent } from 'node:http';
import { isIPv6 } from 'node:net';
import { httpGet, readText } from '../../ace';
import {
  fault,
  type GluetunReport,
  readOpenvpnStatus,
  readPort,
  readPublicAddress,
  readStatus,
  type Told,
} from './gluetun-answer';

/** For everything that one `ask` asks, from connecting to the last byte. */
const DEADLINE_MS = 3000;

const MAX_ANSWER_BYTES = 16 * 1024;

interface Question<T> {
  readonly path: string;
  readonly read: (body: string) => Told<T>;
}

/**
 * A route of today and, where it had another name, that of old (read in the sources of v3.26 to v3.41.1).
 * `/v1/portforward` came with v3.41.0, which answers its old name with a redirect. Since v3.39.1 a route is open to
 * whom a role of Gluetun's names it, and 401 else, also when it does not exist; versions before that answer 400 to what
 * they do not know. So the old name is asked after every refusal of the new one.
 */
const STATUS = [
  { path: '/v1/vpn/status', read: readStatus },
  { path: '/v1/openvpn/status', read: readOpenvpnStatus },
] as const;
const PORT = [
  { path: '/v1/portforward', read: readPort },
  { path: '/v1/openvpn/portforwarded', read: readPort },
] as const;
const PUBLIC_ADDRESS = [{ path: '/v1/publicip/ip', read: readPublicAddress }] as const;

export interface GluetunControlOptions {
  /** Port of the control server. */
  readonly port: number;
  /** Sent as `X-API-Key`; null: nothing is sent. */
  readonly apiKey: string | null;
  readonly deadlineMs?: number;
}

/**
 * Gluetun's HTTP control server, of which only what is open to readers is used: nothing is changed there, and the
 * settings, which hold credentials, are never asked for.
 */
export class GluetunControlClient {
  // A connection each: the next question comes seconds later, maybe to another process at the same address.
  private readonly agent = new Agent({ keepAlive: false, maxSockets: Infinity });
  private readonly deadlineMs: number;

  constructor(private readonly options: GluetunControlOptions) {
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  }

  /**
   * Status, public address and forwarded port, side by side within 3 s. Never rejects: what was not told says why.
   *
   * @param host address of the VPN's container
   * @param signal gives up at once; what is open then counts as not told
   */
  async ask(host: string, signal: AbortSignal): Promise<GluetunReport> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.deadlineMs);
    const giveUp = (): void => deadline.abort();
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      const [status, publicAddress, forwardedPort] = await Promise.all([
        this.tell(host, STATUS, deadline.signal),
        this.tell(host, PUBLIC_ADDRESS, deadline.signal),
        this.tell(host, PORT, deadline.signal),
      ]);
      return { status, publicAddress, forwardedPort };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Breaks all requests that are in progress. */
  close(): void {
    this.agent.destroy();
  }

  /** The first route that answers; when none does, what was wrong with the first. */
  private async tell<T>(
    host: string,
    questions: readonly Question<T>[],
    signal: AbortSignal,
  ): Promise<Told<T>> {
    let refusal: string | null = null;
    for (const { path, read } of questions) {
      try {
        const { status, body } = await this.get(host, path, signal);
        if (status === 200) return read(body);
        refusal ??= this.refusalOf(status, path);
      } catch (error) {
        // Who does not answer one question answers no other one either.
        return fault(refusal ?? this.silenceOf(error, host, signal));
      }
    }
    return fault(refusal ?? `its control server knows no route`);
  }

  private async get(
    host: string,
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const { apiKey } = this.options;
    const response = await httpGet({
      host,
      port: this.options.port,
      path,
      headers: {
        accept: 'application/json',
        ...(apiKey === null ? {} : { 'x-api-key': apiKey }),
      },
      agent: this.agent,
      connectTimeoutMs: this.deadlineMs,
      signal,
    });
    const body = await readText(response, MAX_ANSWER_BYTES);
    return { status: response.statusCode ?? 0, body };
  }

  private refusalOf(status: number, path: string): string {
    if (status !== 401 && status !== 403) {
      return `its control server answers HTTP ${status} to GET ${path}`;
    }
    return this.options.apiKey === null
      ? `its control server wants a key for GET ${path}: set VPN_CONTROL_API_KEY, and the route in a role of Gluetun's`
      : `its control server refuses VPN_CONTROL_API_KEY for GET ${path}: no role of Gluetun's has this key and this route`;
  }

  private silenceOf(error: unknown, host: string, signal: AbortSignal): string {
    const origin = `http://${isIPv6(host) ? `[${host}]` : host}:${this.options.port}`;
    if (signal.aborted) return `its control server at ${origin} gave no answer in time`;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return `its control server at ${origin} cannot be asked (${code})`;
  }
}
