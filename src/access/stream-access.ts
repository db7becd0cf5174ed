import type { AppConfig } from '../config';
import { clientAddress, type FastifyRequest, NetworkList, streamCredentialsOf } from '../http';
import { AppError } from '../kernel/errors';
import { isReading } from './api-keys/api-key-scope';
import { type KeyAttempts } from './key-attempts';
import type { BrowserSessions } from './sessions/browser-sessions';
import { sessionSecretOf } from './sessions/session-cookie';
import { setStreamCaller } from './stream-caller';
import type { StreamUser } from './stream-user';
import { type StreamUsers } from './stream-users';

export type StreamAccessConfig = Pick<AppConfig, 'streamAccess' | 'streamAllowCidrs'>;

const TOO_MANY_SECRETS = 'Too many wrong secrets came from this address.';

/** Decides who may use the addresses of players. */
export class StreamAccess {
  private allowed = new NetworkList([]);
  /** The value of STREAM_ALLOW_CIDRS from which `allowed` was made. */
  private allowedCidrs: readonly string[] = [];

  constructor(
    private readonly config: StreamAccessConfig,
    private readonly users: StreamUsers,
    private readonly attempts: KeyAttempts,
    private readonly sessions: Pick<BrowserSessions, 'find'>,
  ) {}

  /**
   * Admits a request of a `StreamRoute()`. A token is always checked, also if STREAM_ACCESS is `open`, so that an
   * address with a token works exactly as long as the token is valid.
   *
   * @throws AppError `unauthorized` without a token; `forbidden` or `rate_limited` for one that is not valid
   */
  admit(request: FastifyRequest): void {
    const { token, username } = streamCredentialsOf(request);
    if (token !== null && username !== null) {
      this.admitCredentials(request, username, token);
      return;
    }
    if (token !== null) {
      const user = this.users.withSecret(token);
      this.enter(request, user, token, 'The token in the address is wrong.');
      return;
    }
    if (this.config.streamAccess === 'open') return;
    if (this.isAllowed(clientAddress(request))) return;
    if (this.isSignedIn(request)) return;
    throw new AppError(
      'unauthorized',
      'This address needs the token of a user: /t/TOKEN in front of the path.',
    );
  }

  private admitCredentials(request: FastifyRequest, name: string, secret: string): void {
    const user = this.users.withCredentials(name, secret);
    this.enter(request, user, secret, 'The user name or the password is wrong.');
  }

  /** The panel plays streams in the browser, which sends the cookie of its session. */
  private isSignedIn({ method, headers }: FastifyRequest): boolean {
    const secret = isReading(method) ? sessionSecretOf(headers) : null;
    return secret !== null && this.sessions.find(secret) !== null;
  }

  private isAllowed(address: string): boolean {
    const { streamAllowCidrs } = this.config;
    if (streamAllowCidrs !== this.allowedCidrs) {
      this.allowedCidrs = streamAllowCidrs;
      this.allowed = new NetworkList(streamAllowCidrs);
    }
    return this.allowed.includes(address);
  }

  private enter(
    request: FastifyRequest,
    user: StreamUser | null,
    secret: string,
    ifUnknown: string,
  ): void {
    if (user === null) throw this.attempts.refusal(request.ip, ifUnknown, TOO_MANY_SECRETS);
    const refusal = this.users.refusalOf(user, clientAddress(request));
    if (refusal !== null) throw new AppError('forbidden', refusal);
    this.users.seen(user);
    setStreamCaller(request, { user, secret });
  }
}
