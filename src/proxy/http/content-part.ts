import { AppError } from '../../kernel/errors';
import type { ContentPart } from '../../kernel/content-selector';

interface EngineParameter {
  readonly pattern: RegExp;
  /** What the pattern accepts, for messages. */
  readonly form: string;
  readonly text: string;
}

const SWITCH = { pattern: /^[01]$/, form: '0 or 1' };

/**
 * The parameters of the engine API that a request may set, sorted by name. All others stay with acefleet, because a
 * request could change with them how the engine serves other streams.
 */
export const ENGINE_PARAMETERS: Readonly<Record<string, EngineParameter>> = {
  preferred_audio_language: {
    pattern: /^[a-z]{2,3}$/i,
    form: 'a language code of two or three letters',
    text: 'For the engine: language of the audio track, for example `eng`',
  },
  transcode_ac3: { ...SWITCH, text: 'For the engine: `1` also transcodes AC-3 audio' },
  transcode_audio: { ...SWITCH, text: 'For the engine: `1` transcodes audio to AAC' },
  transcode_mp3: { ...SWITCH, text: 'For the engine: `1` also transcodes MP3 audio' },
};

export const MAX_FILE_INDEX = 9999;
/** The name of acestream-orchestrator for `_idx`. */
const OLD_FILE_INDEX = 'file_indexes';

/**
 * Reads which part of a content is requested: `_idx` and the parameters for the engine. `transcode_…=0` is the same as
 * no parameter, so that both join the same stream.
 *
 * @throws AppError `invalid_selector` for a wrong `_idx`, `invalid_request` for a wrong parameter of the engine
 */
export function readContentPart(parameters: URLSearchParams): ContentPart {
  const fileIndex = readFileIndex(parameters);
  const given: string[] = [];
  for (const [name, { pattern, form }] of Object.entries(ENGINE_PARAMETERS)) {
    const [text, ...more] = parameters.getAll(name);
    if (text === undefined) continue;
    if (more.length > 0 || !pattern.test(text)) {
      throw new AppError('invalid_request', `${name} must be ${form}, given once.`);
    }
    if (text !== '0') given.push(`${name}=${text.toLowerCase()}`);
  }
  return given.length === 0 ? { fileIndex } : { fileIndex, engineParameters: given.join('&') };
}

function readFileIndex(parameters: URLSearchParams): number {
  const name = parameters.has('_idx') ? '_idx' : OLD_FILE_INDEX;
  const [text, ...more] = parameters.getAll(name);
  if (text === undefined) return 0;
  if (more.length > 0 || !/^\d{1,4}$/.test(text) || Number(text) > MAX_FILE_INDEX) {
    throw new AppError(
      'invalid_selector',
      `${name} must be one number from 0 to ${MAX_FILE_INDEX}.`,
    );
  }
  return Number(text);
}
