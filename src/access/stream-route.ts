import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { Public, PUBLIC_OPERATION, PUBLIC_ROUTE } from './public';

/** Metadata key of controllers and handlers for players. */
export const STREAM_ROUTE = 'access:stream-route';

/** Who may use a route without a token: clients that STREAM_ACCESS admits, holders of an API key, or nobody. */
export type WithoutToken = 'by_setting' | 'key' | 'nobody';

/** Extension of the OpenAPI document. Operations with it follow STREAM_ACCESS. */
export const STREAM_OPERATION = 'x-stream-route';

/**
 * Declares a controller or a handler for players. It needs no API key, because players cannot send one; STREAM_ACCESS
 * decides who may use it. Only routes for players exist below `/t/TOKEN`.
 */
export function StreamRoute(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    Public(),
    SetMetadata(STREAM_ROUTE, 'by_setting' satisfies WithoutToken),
    ApiExtension(STREAM_OPERATION, true),
  );
}

/** Declares a controller or a handler that needs a token or an API key, whatever STREAM_ACCESS is. */
export function TokenOrKeyRoute(): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(STREAM_ROUTE, 'key' satisfies WithoutToken));
}

/** Declares a controller or a handler that only users of streams may use, whatever STREAM_ACCESS is. */
export function UserRoute(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(PUBLIC_ROUTE, true),
    SetMetadata(STREAM_ROUTE, 'nobody' satisfies WithoutToken),
    ApiExtension(PUBLIC_OPERATION, 'to_users'),
  );
}
