import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';

/** Metadata key of controllers and handlers that need no key. */
export const PUBLIC_ROUTE = 'access:public';

/** Extension of the OpenAPI document. Operations with it need no key there. */
export const PUBLIC_OPERATION = 'x-public';

/** Opens a controller or one of its handlers to callers without the API key. */
export function Public(): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(PUBLIC_ROUTE, true), ApiExtension(PUBLIC_OPERATION, true));
}
