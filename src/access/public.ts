import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';

/** Metadata of controllers and handlers that are open without a key. */
export const PUBLIC_ROUTE = 'access:public';

/** Mark in the OpenAPI document, from which the operation's empty security requirement is made. */
export const PUBLIC_OPERATION = 'x-public';

/** Opens a controller or one of its handlers to callers without the API key. */
export function Public(): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(PUBLIC_ROUTE, true), ApiExtension(PUBLIC_OPERATION, true));
}
