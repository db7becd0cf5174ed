import { readWord } from '../http';
import { AppError } from '../kernel/errors';
import type { PlaylistFormat } from './m3u-playlist';

export interface PlaylistQuery {
  /** The groups whose channels the playlist contains, each once and sorted. Empty: all channels. */
  readonly groups: readonly string[];
  readonly format: PlaylistFormat;
  /** True if the playlist leaves dead channels out. */
  readonly isAliveOnly: boolean;
}

/**
 * Reads the query of a request for a playlist. As at the streaming addresses, unknown parameters are ignored.
 *
 * @throws AppError `invalid_request` for a malformed escape, or a wrong value of a known parameter
 */
export function readPlaylistQuery(url: string): PlaylistQuery {
  const at = url.indexOf('?');
  const text = at < 0 ? '' : url.slice(at + 1);
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new AppError('invalid_request', 'The query has a malformed percent escape.');
  }
  const parameters = new URLSearchParams(text);
  const groups = [...new Set(parameters.getAll('group'))].sort();
  if (groups.includes(''))
    throw new AppError('invalid_request', 'group must be the name of a group.');
  return {
    groups,
    format: readWord(parameters, 'format', ['ts', 'hls']),
    isAliveOnly: readWord(parameters, 'alive', ['0', '1']) === '1',
  };
}
