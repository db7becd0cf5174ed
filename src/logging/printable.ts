const DEFAULT_LENGTH = 256;

/** Control characters, including C1. Line breaks and terminal sequences could forge or hide log lines. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A stranger's text, prepared for one log line: control characters become `?`, and long text is cut. */
export function printable(text: string, maxLength = DEFAULT_LENGTH): string {
  return text.slice(0, maxLength).replace(CONTROL, '?');
}
