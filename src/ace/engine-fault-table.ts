import { EngineFault, type EngineFaultKind } from './ace.types';

interface KnownText {
  readonly text: string;
  readonly kind: EngineFaultKind;
}

/**
 * The error texts that engines are known to send, with HTTP 200 as well as 500, and the party at fault for each.
 * `failed to start` arrives within seconds for a channel that is no longer broadcast.
 */
const KNOWN_TEXTS: readonly KnownText[] = [
  { text: 'failed to load content', kind: 'content' },
  { text: 'cannot load transport file', kind: 'content' },
  { text: 'cannot get transport file', kind: 'content' },
  { text: 'failed to get manifest', kind: 'content' },
  { text: 'failed to start', kind: 'content' },
  { text: 'unknown protocol', kind: 'content' },
  { text: 'unknown playback session id', kind: 'session' },
  { text: 'got newer download', kind: 'session' },
  { text: 'start timeout', kind: 'warming' },
  { text: 'download not found', kind: 'warming' },
  { text: 'access denied', kind: 'engine' },
  { text: 'auth_error', kind: 'engine' },
  { text: 'unknown method', kind: 'engine' },
];

const MAX_QUOTE_LENGTH = 200;

/** The engine's text, prepared for one line of the log: no control characters, at most 200 characters. */
export function quoteEngine(text: string): string {
  const head = text.slice(0, MAX_QUOTE_LENGTH * 4);
  return head
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_QUOTE_LENGTH);
}

/** The fault that a text of an engine names, or null if the text is not in the table. */
export function faultOfKnownText(text: string): EngineFault | null {
  const quoted = quoteEngine(text);
  const normalized = quoted.toLowerCase();
  const known = KNOWN_TEXTS.find((entry) => normalized.includes(entry.text));
  return known === undefined
    ? null
    : new EngineFault(known.kind, known.text.replaceAll(' ', '_'), quoted);
}

/**
 * Classifies the `error` field of an answer: a text, or an object with a `message`. A text that is not in the table
 * counts as a fault of the engine, because another engine may succeed.
 */
export function faultOfError(error: unknown): EngineFault {
  const text = errorText(error);
  return faultOfKnownText(text) ?? new EngineFault('engine', 'unknown_error', quoteEngine(text));
}

function errorText(error: unknown): string {
  if (typeof error === 'string') {
    return error;
  }
  if (typeof error === 'object' && error !== null && 'message' in error) {
    const { message } = error;
    return typeof message === 'string' ? message : 'error without a message';
  }
  return `error of type ${typeof error}`;
}
