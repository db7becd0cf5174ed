import { Agent } from 'node:http';
import { isIPv6 } from 'node:net';
import { sendRequest, readText } from '../../ace';
import {
  fault,
  type GluetunReport,
  readOpenvpnStatus,
  readPort,
  readPublicAddress,
  readStatus,
  type Answer,
} from './gluetun-answer';

/** Deadline of one `ask`, from connecting to the last byte. */
const DEADLINE_MS = 3000;

const MAX_ANSWER_BYTES = 16 * 1024;

interface Question<T> {
  readonly path: string;
  readonly read: (body: string) => Answer<T>;
}

/**
 * The routes of each query: the present one and, if it was renamed, the older one (from the sources of v3.26 to
 * v3.41.1). `/v1/portforward` came with v3.41.0, which redirects from the older name. Since v3.39.1 a route is open
 * to clients whose Gluetun role contains it; otherwise the answer is 401, even if the route does not exist. Earlier
 * versions answer 400 to an unknown route. So after any refusal of the present route, the older one is tried.
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
  /** Sent as `X-API-Key`; null: no key is sent. */
  readonly apiKey: string | null;
  readonly deadlineMs?: number;
}

/** Client of Gluetun's HTTP control server. It only reads, and never requests the settings, which contain credentials. */
export class GluetunControlClient {
  // One connection per request, because the next request follows seconds later, and another process may then use the
  // address.
  private readonly agent = new Agent({ keepAlive: false, maxSockets: Infinity });
  private readonly deadlineMs: number;

  constructor(private readonly options: GluetunControlOptions) {
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  }

  /**
   * Queries status, public address and forwarded port in parallel, within 3 s. Never rejects: a missing answer has a reason.
   *
   * @param host address of the VPN's container
   * @param signal aborts at once; open queries then have no answer
   */
  async ask(host: string, signal: AbortSignal): Promise<GluetunReport> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.deadlineMs);
    const giveUp = (): void => deadline.abort();
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      const [status, publicAddress, forwardedPort] = await Promise.all([
        this.firstAnswer(host, STATUS, deadline.signal),
        this.firstAnswer(host, PUBLIC_ADDRESS, deadline.signal),
        this.firstAnswer(host, PORT, deadline.signal),
      ]);
      return { status, publicAddress, forwardedPort };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Aborts every open query. */
  close(): void {
    this.agent.destroy();
  }

  /** The answer of the first route that answers; if none does, the fault of the first route. */
  private async firstAnswer<T>(
    host: string,
    questions: readonly Question<T>[],
    signal: AbortSignal,
  ): Promise<Answer<T>> {
    let refusal: string | null = null;
    for (const { path, read } of questions) {
      try {
        const { status, body } = await this.get(host, path, signal);
        if (status === 200) return read(body);
        refusal ??= this.refusalOf(status, path);
      } catch (error) {
        // A server that does not answer one request does not answer the next one either.
        return fault(refusal ?? this.silenceOf(error, host, signal));
      }
    }
    return fault(refusal ?? 'its control server answers on no known route');
  }

  private async get(
    host: string,
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const { apiKey } = this.options;
    const response = await sendRequest({
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
      ? `its control server requires an API key for GET ${path}: set VPN_CONTROL_API_KEY, and add the route to a role in Gluetun's configuration`
      : `its control server rejects VPN_CONTROL_API_KEY for GET ${path}: no role in Gluetun's configuration has both this key and this route`;
  }

  private silenceOf(error: unknown, host: string, signal: AbortSignal): string {
    const origin = `http://${isIPv6(host) ? `[${host}]` : host}:${this.options.port}`;
    if (signal.aborted) return `its control server at ${origin} gave no answer in time`;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return `its control server at ${origin} cannot be reached (${code})`;
  }
}
