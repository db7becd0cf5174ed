import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyRequest } from '../http';
import { AppError } from '../kernel/errors';
import { ApiKey } from './api-key';
import { KeyAttempts } from './key-attempts';
import { OWN_QUERY_NAME } from './own-query-name';
import { hasKeyInQuery, presentedKey } from './presented-key';
import { PUBLIC_ROUTE } from './public';
import { streamCaller } from './stream-caller';

/** Requires the API key for every route that is not `Public()`: 401 without a key, 403 with a wrong one. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKey: ApiKey,
    private readonly attempts: KeyAttempts,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const open = this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (open === true) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    // A `TokenOrKeyRoute()`, to which a token has admitted: no other route that needs a key exists below a token.
    if (streamCaller(request).user !== null) return true;
    const ownName = this.reflector.get<string | undefined>(OWN_QUERY_NAME, context.getHandler());
    this.check(request, ownName);
    return true;
  }

  private check(request: FastifyRequest, ownQueryName: string | undefined): void {
    if (hasKeyInQuery(request.url, ownQueryName)) {
      throw new AppError(
        'unauthorized',
        'A key in the address is refused; send it as Authorization: Bearer KEY or X-API-Key: KEY.',
      );
    }
    const key = presentedKey(request.headers);
    if (key === null) {
      throw new AppError(
        'unauthorized',
        'This address needs the API key, as Authorization: Bearer KEY or X-API-Key: KEY.',
      );
    }
    // The right key is checked first: behind a reverse proxy its owner may share the address of an attacker.
    if (this.apiKey.matches(key)) return;
    const blockedForMs = this.attempts.blockedForMs(request.ip);
    if (blockedForMs > 0) {
      throw new AppError('rate_limited', 'Too many wrong keys came from this address.', {
        retryAfterS: blockedForMs / 1000,
      });
    }
    this.attempts.recordWrongKey(request.ip);
    throw new AppError('forbidden', 'The API key is wrong.');
  }
}
