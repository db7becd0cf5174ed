const DEFAULT_LENGTH = 256;

/** Control characters, C1 included: line breaks and terminal sequences that would forge or hide log lines. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Text of a stranger, fit for one log line: control characters become `?`, the rest is cut. */
export function printable(text: string, maxLength = DEFAULT_LENGTH): string {
  return text.slice(0, maxLength).replace(CONTROL, '?');
}
