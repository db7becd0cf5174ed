import { type ValueType } from './setting';

const MAX_LENGTH = 4000;

/** The words of a command line, such as options for a program that is started without a shell. */
export function commandLine(): ValueType<readonly string[]> {
  return {
    allowed: `one line of at most ${MAX_LENGTH} characters, with every quote closed, such as --live-buffer 30 --name 'two words'`,
    parse: (text) =>
      text.length > MAX_LENGTH || /[\0\r\n]/.test(text) ? undefined : splitWords(text),
  };
}

/**
 * Splits a line like a shell, without expanding anything: blanks separate words, single quotes protect every
 * character, and a backslash escapes a character in double quotes and outside quotes. Returns undefined if a quote
 * is not closed or the line ends with a backslash.
 */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | null = null;
  let rest = text;
  while (rest !== '') {
    const piece = nextPiece(rest);
    if (piece === null) return undefined;
    rest = rest.slice(piece.length);
    if (piece.text !== null) {
      word = (word ?? '') + piece.text;
    } else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  return word === null ? words : [...words, word];
}

interface Piece {
  /** Number of characters of the line that this part uses up. */
  readonly length: number;
  /** The text that this part adds to the word; null if it ends the word. */
  readonly text: string | null;
}

const BLANKS = /^[ \t]+/;
const SINGLE_QUOTED = /^'([^']*)'/;
const DOUBLE_QUOTED = /^"((?:[^"\\]|\\.)*)"/;
const ESCAPED = /^\\(.)/;
const BARE = /^[^ \t'"\\]+/;

function nextPiece(rest: string): Piece | null {
  const blanks = BLANKS.exec(rest);
  if (blanks !== null) return { length: blanks[0].length, text: null };
  // Within double quotes a backslash is an ordinary character, unless a quote or another backslash follows.
  const quoted = DOUBLE_QUOTED.exec(rest);
  if (quoted !== null) {
    return { length: quoted[0].length, text: (quoted[1] ?? '').replace(/\\(["\\])/g, '$1') };
  }
  const plain = SINGLE_QUOTED.exec(rest) ?? ESCAPED.exec(rest);
  if (plain !== null) return { length: plain[0].length, text: plain[1] ?? '' };
  const bare = BARE.exec(rest);
  return bare === null ? null : { length: bare[0].length, text: bare[0] };
}
