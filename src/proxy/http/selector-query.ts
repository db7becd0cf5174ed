import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';

/** The parameters that name a content, of which exactly one is to be given, as OpenAPI tells them. */
export function ApiSelectorQuery(): MethodDecorator {
  return applyDecorators(
    ApiQuery({
      name: 'id',
      required: false,
      description: 'Content id, 40 hex digits; alias of content_id',
    }),
    ApiQuery({ name: 'content_id', required: false }),
    ApiQuery({ name: 'infohash', required: false }),
    ApiQuery({ name: 'url', required: false, description: 'Only with ALLOW_URL_SELECTORS' }),
    ApiQuery({ name: 'magnet', required: false, description: 'Only with ALLOW_URL_SELECTORS' }),
    ApiQuery({
      name: 'channel',
      required: false,
      description: 'Id of a channel, which has several sources',
    }),
    ApiQuery({ name: '_idx', required: false, description: 'File index, 0 by default' }),
  );
}
