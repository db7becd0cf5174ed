import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
  UseInterceptors,
} from '@nestjs/common';
import { ApiExtension, ApiExtraModels } from '@nestjs/swagger';
import { map, type Observable } from 'rxjs';
import type { FastifyRequest } from './fastify.types';

/**
 * Prefix of the canonical addresses of the admin API. The same addresses without it are aliases for clients of the
 * programs that acefleet replaces.
 */
export const API_PREFIX = '/api/v1';

/**
 * Extension of the OpenAPI document with the value `AliasSchemas`: the alias of the operation has another response
 * schema.
 */
export const ALIAS_ANSWER = 'x-alias-answer';

export interface AliasSchemas {
  readonly canonical: string;
  readonly alias: string;
}

/**
 * Gives the alias of a handler the response that clients of those programs expect: the canonical response, and the
 * duplicate fields that `toAlias` adds.
 */
export function AliasAnswer<Canonical extends object>(
  canonical: Type<Canonical>,
  alias: Type<Canonical>,
  toAlias: (answer: never) => object,
): MethodDecorator {
  const schemas: AliasSchemas = { canonical: canonical.name, alias: alias.name };
  return applyDecorators(
    UseInterceptors(new AliasInterceptor(toAlias)),
    ApiExtraModels(alias),
    ApiExtension(ALIAS_ANSWER, schemas),
  );
}

class AliasInterceptor implements NestInterceptor<never, object> {
  constructor(private readonly toAlias: (answer: never) => object) {}

  intercept(context: ExecutionContext, next: CallHandler<never>): Observable<object> {
    const { routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
    const isCanonical = routeOptions.url?.startsWith(`${API_PREFIX}/`) === true;
    return isCanonical ? next.handle() : next.handle().pipe(map(this.toAlias));
  }
}
