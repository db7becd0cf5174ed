import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyRequest, streamTokenOf } from '../http';
import { AppError } from '../kernel/errors';
import { StreamAccess } from './stream-access';
import { STREAM_ROUTE, type WithoutToken } from './stream-route';

/** Admits requests to the routes for players, and hides all other routes below `/t/TOKEN`. */
@Injectable()
export class StreamGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: StreamAccess,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const targets = [context.getHandler(), context.getClass()];
    const route = this.reflector.getAllAndOverride<WithoutToken | undefined>(STREAM_ROUTE, targets);
    const hasToken = streamTokenOf(request) !== null;
    if (route === 'nobody' && !hasToken && request.method !== 'OPTIONS') {
      throw new AppError(
        'unauthorized',
        'This address needs the name and the secret of a user, as username and password.',
      );
    }
    if (route !== 'by_setting' && !hasToken) return true;
    if (route === undefined) {
      throw new AppError('not_found', 'There is nothing at this address.');
    }
    // The CORS preflight request of a browser only reads which headers are allowed.
    if (request.method !== 'OPTIONS') this.access.admit(request);
    return true;
  }
}
