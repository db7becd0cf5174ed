import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type AppConfig, CONFIG } from '../config';
import { clientAddress, type FastifyRequest, RateLimit, sharedAddresses } from '../http';
import { AppError } from '../kernel/errors';
import {
  type ApiKeyScope,
  includesScope,
  isReading,
  scopeOfMethod,
} from './api-keys/api-key-scope';
import { ApiKeys, type PresentedApiKey } from './api-keys/api-keys';
import { setKeyOfRequest } from './api-keys/key-of-request';
import { NEEDED_SCOPE } from './api-keys/needs-scope';
import { KeyAttempts } from './key-attempts';
import { OWN_QUERY_NAME } from './own-query-name';
import { hasKeyInQuery, presentedKey } from './presented-key';
import { PUBLIC_ROUTE, type PublicRoute } from './public';
import { BrowserSessions } from './sessions/browser-sessions';
import { requireSameOrigin } from './sessions/same-origin';
import { sessionSecretOf } from './sessions/session-cookie';
import { streamCaller } from './stream-caller';

/**
 * Requires an API key, or the session of a browser, for every route that is not `Public()`: 401 without one, 403 with a
 * wrong or expired key, or one whose scope is too small. A key in a header is used instead of a session. With a session,
 * requests that change something must come from a page of this server.
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly requests: RateLimit;

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly reflector: Reflector,
    private readonly keys: ApiKeys,
    private readonly attempts: KeyAttempts,
    private readonly sessions: BrowserSessions,
  ) {
    const shared = sharedAddresses(config.trustedProxies);
    this.requests = new RateLimit(
      () => config.apiMaxRequestsPerIp,
      (address) => shared.includes(address),
    );
  }

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    const open = this.reflector.getAllAndOverride<PublicRoute | undefined>(PUBLIC_ROUTE, targets);
    if (open === true || open?.(this.config) === true) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    // A token has admitted the request: of the routes that need a key, only a `TokenOrKeyRoute()` exists below a token.
    if (streamCaller(request).user !== null) return true;
    const ownName = this.reflector.get<string | undefined>(OWN_QUERY_NAME, context.getHandler());
    const key = this.keyOf(request, ownName);
    const declared = this.reflector.getAllAndOverride<ApiKeyScope | undefined>(
      NEEDED_SCOPE,
      targets,
    );
    checkTerms(key, declared ?? scopeOfMethod(request.method));
    if (key.sessionId !== null && !isReading(request.method)) {
      requireSameOrigin(request, this.config.publicUrl);
    }
    if (key.id !== null && key.sessionId === null) this.keys.noteUse(key.id);
    setKeyOfRequest(request, key);
    return true;
  }

  private keyOf(request: FastifyRequest, ownQueryName: string | undefined): PresentedApiKey {
    const candidate = presentedKey(request.headers);
    const secret = candidate === null ? sessionSecretOf(request.headers) : null;
    const key = candidate === null ? this.sessions.find(secret ?? '') : this.keys.find(candidate);
    this.limitRate(request, key);
    if (hasKeyInQuery(request.url, ownQueryName)) {
      throw new AppError(
        'unauthorized',
        'A key in the address is refused; send it as Authorization: Bearer KEY or X-API-Key: KEY.',
      );
    }
    // A right key is accepted first: behind a reverse proxy its owner may share the address of an attacker.
    if (key !== null) return key;
    if (candidate !== null) throw this.attempts.refusal(request.ip, 'The API key is wrong.');
    throw new AppError(
      'unauthorized',
      secret === null
        ? 'This address needs an API key, as Authorization: Bearer KEY or X-API-Key: KEY.'
        : 'The session of this browser has ended; sign in at /login.',
    );
  }

  /** Requests with a right key are counted for each key, so that a stranger at the same address cannot use up its limit. */
  private limitRate(request: FastifyRequest, key: PresentedApiKey | null): void {
    const part = key === null ? '' : (key.sessionId ?? key.id ?? 'main');
    const detail = 'Too many requests to the admin API came from this address within a minute.';
    this.requests.take(clientAddress(request), detail, part);
  }
}

/** @throws AppError `forbidden` if the key has expired, or its scope does not include the needed one */
function checkTerms({ scope, isExpired }: PresentedApiKey, needed: ApiKeyScope): void {
  if (isExpired) throw new AppError('forbidden', 'The API key has expired.');
  if (includesScope(scope, needed)) return;
  throw new AppError(
    'forbidden',
    `This operation needs an API key of scope ${needed}; this key has the scope ${scope}.`,
  );
}
