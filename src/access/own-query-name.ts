import { SetMetadata } from '@nestjs/common';

/** Metadata key of handlers that have a query parameter with one of the names of an API key. */
export const OWN_QUERY_NAME = 'access:own-query-name';

/** Declares that a query parameter of this name belongs to the handler and is not an API key in the URL. */
export function OwnQueryName(name: string): MethodDecorator {
  return SetMetadata(OWN_QUERY_NAME, name);
}
