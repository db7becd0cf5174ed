import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Observable, tap } from 'rxjs';
import { keyOfRequest } from '../access';
import { type FastifyRequest } from '../http';
import { EventBus } from './event-bus';

const HAS_OWN_EVENT = 'acefleet:has-own-event';

/** Marks a handler whose successful requests are no `admin_action`, because they cause more telling events. */
export const HasOwnEvent = (): MethodDecorator => SetMetadata(HAS_OWN_EVENT, true);

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const MAX_VALUE_LENGTH = 128;

/**
 * Publishes an `admin_action` for each successful request with an API key that may change something. It names the key, the
 * route and the parameters in its path; query and body may contain secrets and are left out.
 */
@Injectable()
export class AdminActions implements NestInterceptor {
  constructor(
    private readonly events: EventBus,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const answer = next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = READING.has(request.method) ? null : keyOfRequest(request);
    if (key === null) return answer;
    if (this.reflector.get<boolean | undefined>(HAS_OWN_EVENT, context.getHandler()) === true) {
      return answer;
    }
    return answer.pipe(
      tap({
        complete: () => {
          this.events.publish('admin_action', {
            actor: key.name,
            method: request.method,
            route: request.routeOptions.url ?? '',
            parameters: shortened(request.params),
          });
        },
      }),
    );
  }
}

function shortened(parameters: unknown): Record<string, string> {
  const entries = Object.entries((parameters ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, String(value).slice(0, MAX_VALUE_LENGTH)]),
  );
}
