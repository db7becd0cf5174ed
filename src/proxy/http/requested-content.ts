import {
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  type PipeTransform,
} from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CONFIG, type AppConfig } from '../../config';
import {
  CHANNEL_ID_FORM,
  isChannelId,
  isHexId,
  type ContentSelector,
  type SelectorKind,
} from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { ENGINE_PARAMETERS, MAX_FILE_INDEX, readContentPart } from './content-part';
import { readStreamQuery } from './stream-query';

/** Parameters that select a content. */
const SELECTORS: Readonly<Record<string, { readonly kind: SelectorKind; readonly text: string }>> =
  {
    id: { kind: 'content_id', text: 'Content id, 40 hex digits; alias of `content_id`' },
    content_id: { kind: 'content_id', text: 'Content id, 40 hex digits' },
    infohash: { kind: 'infohash', text: 'Infohash, 40 hex digits' },
    url: { kind: 'url', text: 'Address of a transport file; only with `ALLOW_URL_SELECTORS`' },
    magnet: { kind: 'magnet', text: 'Magnet link; only with `ALLOW_URL_SELECTORS`' },
    channel: { kind: 'channel', text: 'Id of a channel, which has several sources' },
  };

const MAX_ADDRESS_LENGTH = 2048;
/**
 * 40 hex digits as playlists contain them: a scheme may precede them, slashes, blanks and line ends may surround
 * them, and `|User-Agent=x` may follow.
 */
const ID = /^\s*(?:acestream:\/\/)?([0-9a-f]{40})\/*\s*(?:\|.*)?$/is;
/** Printable ASCII with an infohash in hex or base32 among its parameters. */
const MAGNET =
  /^magnet:\?([\x21-\x7e]*&)?xt=urn:btih:([0-9a-f]{40}|[a-z2-7]{32})(&[\x21-\x7e]*)?$/i;

/**
 * Selectors by `url` and `magnet` must be allowed, because a client can choose by them which addresses an engine
 * fetches.
 */
export type SelectorConfig = Pick<AppConfig, 'allowUrlSelectors'>;

interface SelectorSource {
  readonly request: Pick<FastifyRequest, 'url' | 'params'>;
  readonly isOptional: boolean;
}

/** Reads the selector of a request. Null if the request has none and needs none. */
@Injectable()
export class ContentSelectorPipe implements PipeTransform<SelectorSource, ContentSelector | null> {
  constructor(@Inject(CONFIG) private readonly config: SelectorConfig) {}

  transform({ request, isOptional }: SelectorSource): ContentSelector | null {
    const { parameters } = readStreamQuery(request);
    const { id = '' } = request.params as { readonly id?: string };
    const names = id === '' ? [...parameters.keys()] : ['id'];
    const hasSelector = names.some((name) => Object.hasOwn(SELECTORS, name));
    if (isOptional && !hasSelector) return null;
    return readContentSelector(parameters, id === '' ? null : id, this.config);
  }
}

const selectorOf = createParamDecorator(
  (isOptional: boolean, context: ExecutionContext): SelectorSource => ({
    request: context.switchToHttp().getRequest<FastifyRequest>(),
    isOptional,
  }),
  [describeSelectors],
);

/** Parameter decorator: the content that a request selects in its query or its path. */
export function RequestedContent(): ParameterDecorator {
  return selectorOf(false, ContentSelectorPipe);
}

/** Parameter decorator: the selected content, or null if the request selects none. */
export function OptionalContent(): ParameterDecorator {
  return selectorOf(true, ContentSelectorPipe);
}

/** Adds the selectors to the OpenAPI description of the handler. */
function describeSelectors(handlers: object, name: string | symbol | undefined): void {
  const handler = Object.getOwnPropertyDescriptor(handlers, name ?? '');
  if (name === undefined || handler === undefined) return;
  for (const [selector, { text }] of Object.entries(SELECTORS)) {
    const options = { name: selector, required: false, type: String, description: text };
    ApiQuery(options)(handlers, name, handler);
  }
  ApiQuery({
    name: '_idx',
    required: false,
    schema: { type: 'integer', minimum: 0, maximum: MAX_FILE_INDEX, default: 0 },
    description: 'Index of the file in a content of several files',
  })(handlers, name, handler);
  for (const [parameter, { text }] of Object.entries(ENGINE_PARAMETERS)) {
    const options = { name: parameter, required: false, type: String, description: text };
    ApiQuery(options)(handlers, name, handler);
  }
}

/**
 * Reads which content is requested. Unknown parameters, `pid` and `sid` are ignored and never passed on.
 *
 * @param pathId the id of `/ace/getstream/{id}`, with or without `.ts`
 * @throws AppError `invalid_selector`, `forbidden`
 */
export function readContentSelector(
  parameters: URLSearchParams,
  pathId: string | null,
  config: SelectorConfig,
): ContentSelector {
  const found: [SelectorKind, string][] =
    pathId === null ? [] : [['content_id', withoutSuffix(pathId)]];
  for (const [name, value] of parameters) {
    const selector = Object.hasOwn(SELECTORS, name) ? SELECTORS[name] : undefined;
    if (selector !== undefined) found.push([selector.kind, value]);
  }
  const [selector, ...more] = found;
  if (selector === undefined) {
    throw new AppError(
      'invalid_selector',
      'Give one of id, content_id, infohash, channel, url or magnet.',
    );
  }
  if (more.length > 0) {
    throw new AppError('invalid_selector', 'Give exactly one selector, once.');
  }
  const [kind, value] = selector;
  return { ...readContentPart(parameters), kind, value: readValue(kind, value, config) };
}

function withoutSuffix(pathId: string): string {
  return pathId.trim().replace(/\.ts$/i, '');
}

function readValue(kind: SelectorKind, value: string, config: SelectorConfig): string {
  switch (kind) {
    case 'content_id':
    case 'infohash': {
      const id = ID.exec(value)?.[1]?.toLowerCase() ?? '';
      if (isHexId(id)) return id;
      throw new AppError('invalid_selector', `${kind} must be 40 hexadecimal digits.`);
    }
    case 'channel':
      if (isChannelId(value)) return value;
      throw new AppError('invalid_selector', `channel must be ${CHANNEL_ID_FORM}.`);
    case 'url':
    case 'magnet':
      if (!config.allowUrlSelectors) {
        throw new AppError('forbidden', 'url and magnet are off; see ALLOW_URL_SELECTORS.');
      }
      return kind === 'url' ? readUrl(value) : readMagnet(value);
  }
}

function readUrl(value: string): string {
  const url = value.length <= MAX_ADDRESS_LENGTH && URL.canParse(value) ? new URL(value) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new AppError('invalid_selector', 'url must be an http or https address.');
  }
  return url.href;
}

function readMagnet(value: string): string {
  if (value.length <= MAX_ADDRESS_LENGTH && MAGNET.test(value)) return value;
  throw new AppError('invalid_selector', 'magnet must be a magnet link with xt=urn:btih.');
}
