import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { type AppConfig } from '../config';

/** Metadata key of controllers and handlers that need no key. */
export const PUBLIC_ROUTE = 'access:public';

/** `true`, or a function that tells from the settings whether the route is open now. */
export type PublicRoute = true | ((config: AppConfig) => boolean);

/**
 * Extension of the OpenAPI document: `true` for operations that need no key, `by_setting` if a setting decides, and
 * `to_users` if they need the credentials of a user of streams.
 */
export const PUBLIC_OPERATION = 'x-public';

/** Opens a controller or one of its handlers to callers without an API key. */
export function Public(): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(PUBLIC_ROUTE, true), ApiExtension(PUBLIC_OPERATION, true));
}

/** Opens a controller or one of its handlers while `isOpen` is true of the settings. */
export function PublicWhen(
  isOpen: (config: AppConfig) => boolean,
): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(PUBLIC_ROUTE, isOpen),
    ApiExtension(PUBLIC_OPERATION, 'by_setting'),
  );
}
