import { SetMetadata } from '@nestjs/common';

/** Metadata of handlers with a query parameter whose name elsewhere stands for an API key. */
export const OWN_QUERY_NAME = 'access:own-query-name';

/** Says that a query parameter of this name is the handler's own, and no API key that was put into the address. */
export function OwnQueryName(name: string): MethodDecorator {
  return SetMetadata(OWN_QUERY_NAME, name);
}
