/** A spreadsheet evaluates a text that begins with one of these characters, also after white space. */
const FORMULA = /^\s*[=+\-@\t\r]/;

const NEEDS_QUOTES = /[",\r\n]/;

/**
 * One line of a CSV file (RFC 4180) with its line end. A text that a spreadsheet would evaluate as a formula gets a
 * leading apostrophe, because texts such as names of channels come from strangers. Null is an empty field.
 */
export function csvRow(values: readonly (string | number | boolean | null)[]): string {
  return `${values.map(field).join(',')}\r\n`;
}

function field(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  // A CSV file is text, and programs cut a text off at a NUL character.
  const text = value.replaceAll('\0', '');
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
