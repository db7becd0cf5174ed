import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';

const SELECTORS = {
  id: 'Content id, 40 hex digits; alias of `content_id`',
  content_id: 'Content id, 40 hex digits',
  infohash: 'Infohash, 40 hex digits',
  url: 'Address of a transport file; only with `ALLOW_URL_SELECTORS`',
  magnet: 'Magnet link; only with `ALLOW_URL_SELECTORS`',
  channel: 'Id of a channel, which has several sources',
};

/** The parameters that name a content, of which exactly one is to be given, as OpenAPI tells them. */
export function ApiSelectorQuery(): MethodDecorator {
  const selectors = Object.entries(SELECTORS).map(([name, description]) =>
    ApiQuery({ name, required: false, type: String, description }),
  );
  return applyDecorators(
    ...selectors,
    ApiQuery({
      name: '_idx',
      required: false,
      schema: { type: 'integer', minimum: 0, maximum: 9999, default: 0 },
      description: 'Index of the file in a content of several files',
    }),
  );
}
