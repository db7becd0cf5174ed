import { streamCaller } from '../access';
import { type FastifyRequest, readWord } from '../http';
import { AppError } from '../kernel/errors';
import type { PlaylistFormat } from './m3u-playlist';

/** Describes the parameter in the documentation of the API. */
export const PROFILE_QUERY = {
  name: 'profile',
  required: false,
  type: String,
  description:
    'Only channels of this profile. `/profiles/{name}` in front of the path does the same',
};

export interface PlaylistQuery {
  /** The groups whose channels the playlist contains, each once and sorted. Empty: all channels. */
  readonly groups: readonly string[];
  readonly format: PlaylistFormat;
  /** True if the playlist leaves dead channels out. */
  readonly isAliveOnly: boolean;
  /** Name of the profile; null for all channels. */
  readonly profile: string | null;
}

/**
 * Reads the query of a request for a playlist. As at the streaming addresses, unknown parameters are ignored.
 *
 * @throws AppError `invalid_request` for a malformed escape, or a wrong value of a known parameter
 */
export function readPlaylistQuery(request: Pick<FastifyRequest, 'raw' | 'url'>): PlaylistQuery {
  const parameters = readParameters(request.url);
  const groups = [...new Set(parameters.getAll('group'))].sort();
  if (groups.includes(''))
    throw new AppError('invalid_request', 'group must be the name of a group.');
  return {
    groups,
    format: readWord(parameters, 'format', ['ts', 'hls']),
    profile: requestedProfile(request),
    isAliveOnly: readWord(parameters, 'alive', ['0', '1']) === '1',
  };
}

/**
 * The name of the profile that a request asks for, or else that of its user; null for all channels.
 *
 * @throws as `readPlaylistQuery`
 */
export function requestedProfile(request: Pick<FastifyRequest, 'raw' | 'url'>): string | null {
  return readProfile(readParameters(request.url)) ?? streamCaller(request).user?.profile ?? null;
}

function readParameters(url: string): URLSearchParams {
  const at = url.indexOf('?');
  const text = at < 0 ? '' : url.slice(at + 1);
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new AppError('invalid_request', 'The query has a malformed percent escape.');
  }
  return new URLSearchParams(text);
}

function readProfile(parameters: URLSearchParams): string | null {
  const [name = null, ...more] = parameters.getAll('profile');
  if (more.length === 0) return name;
  throw new AppError('invalid_request', 'profile must be given once.');
}
