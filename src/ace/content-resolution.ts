import { isHexId, type SourceSelector } from '../kernel/content-selector';
import { EngineFault, type ContentResolution } from './ace.types';
import { asFields, payloadOf, textOf, type EngineAnswer } from './engine-answer';
import { quoteEngine } from './engine-fault-table';
import { selectorParameter } from './start-request';

const METHOD = '/server/api?api_version=3&method=get_media_files';

/**
 * The request target that resolves a content. It opens no session, needs no peers, and takes milliseconds for a
 * content in the engine's cache.
 *
 * @throws AppError `invalid_selector` when the value is not in canonical form
 */
export function resolutionTarget(selector: SourceSelector): string {
  // Unlike a start, the service API accepts a content id only under its full name.
  return `${METHOD}&${selectorParameter(selector).replace(/^id=/, 'content_id=')}`;
}

/**
 * Reads a `get_media_files` answer.
 *
 * @throws EngineFault `content` for `cannot get transport file`; `engine` for an answer without infohash
 */
export function resolutionOf(answer: EngineAnswer): ContentResolution {
  const result = asFields(payloadOf(answer, 'result'));
  const infohash = textOf(result?.['infohash'])?.toLowerCase() ?? '';
  if (result === null || !isHexId(infohash)) {
    throw new EngineFault('engine', 'no_infohash', quoteEngine(answer.body));
  }
  const files: unknown = result['files'];
  return {
    infohash,
    name: textOf(result['name']),
    isLive: result['type'] === 'live' ? 1 : result['type'] === 'vod' ? 0 : -1,
    fileCount: Array.isArray(files) ? files.length : null,
  };
}
