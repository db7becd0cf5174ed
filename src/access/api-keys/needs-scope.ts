import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { ApiKeyScope } from './api-key-scope';

/** Metadata key of controllers and handlers that declare the scope they need. */
export const NEEDED_SCOPE = 'access:needed-scope';

/** Extension of the OpenAPI document: the scope that an operation needs. */
export const SCOPE_OF_OPERATION = 'x-required-scope';

/**
 * Declares the scope that an API key needs for a controller or a handler. Without it, GET and HEAD need `read` and other
 * methods `operate`. Declare `read` for a route that changes nothing, and `admin` for one that deletes data or
 * changes who has access.
 */
export function NeedsScope(scope: ApiKeyScope): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(NEEDED_SCOPE, scope), ApiExtension(SCOPE_OF_OPERATION, scope));
}
