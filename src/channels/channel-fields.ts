/** Longest texts of channels and imports, in characters. */
export const MAX_NAME_LENGTH = 200;
export const MAX_GROUP_LENGTH = 100;
export const MAX_TVG_ID_LENGTH = 200;
export const MAX_LABEL_LENGTH = 100;
export const MAX_IMPORT_NAME_LENGTH = 100;
export const MAX_ADDRESS_LENGTH = 2048;

/** Playlists put the address between quotes. */
const HTTP_ADDRESS = /^https?:\/\/[^\s"\p{Cc}\p{Cs}]+$/iu;

/** Text of `min` to `max` characters without control characters. */
export function printableText(min: number, max: number): RegExp {
  return new RegExp(`^[^\\p{Cc}\\p{Cs}]{${min},${max}}$`, 'u');
}

export function isHttpAddress(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= MAX_ADDRESS_LENGTH &&
    HTTP_ADDRESS.test(value) &&
    URL.canParse(value)
  );
}

export function isPrintable(text: string, max: number): boolean {
  return printableText(1, max).test(text);
}
