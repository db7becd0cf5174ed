import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { Public } from './public';

/** Metadata key of controllers and handlers for players. */
export const STREAM_ROUTE = 'access:stream-route';

/** Extension of the OpenAPI document. Operations with it follow STREAM_ACCESS. */
export const STREAM_OPERATION = 'x-stream-route';

/**
 * Declares a controller or a handler for players. It needs no API key, because players cannot send one; STREAM_ACCESS
 * decides who may use it. Only such routes exist below `/t/TOKEN`.
 */
export function StreamRoute(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    Public(),
    SetMetadata(STREAM_ROUTE, true),
    ApiExtension(STREAM_OPERATION, true),
  );
}
