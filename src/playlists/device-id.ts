import { randomBytes } from 'node:crypto';

/**
 * Every second digit of a device id enters the check as its value here. Clients that use the maker's library refuse
 * an id for which the exclusive or of all digits is not 0.
 */
const SUBSTITUTES = [10, 5, 15, 6, 7, 12, 1, 11, 9, 2, 8, 13, 4, 3, 14, 0];

const FORM = /^1[0-9A-F]{7}$/;

/** Returns a random device id: 8 hex digits that begin with 1, as those of real tuners do, and end with a check digit. */
export function newDeviceId(random: Buffer = randomBytes(3)): string {
  const digits = `1${random.toString('hex').toUpperCase()}`;
  return digits + checkOf(digits).toString(16).toUpperCase();
}

export function isDeviceId(text: string): boolean {
  return FORM.test(text) && checkOf(text) === 0;
}

/** The exclusive or of the digits; 0 for a complete device id. */
function checkOf(digits: string): number {
  return Array.from(digits).reduce((check, digit, i) => {
    const value = parseInt(digit, 16);
    return check ^ (i % 2 === 0 ? (SUBSTITUTES[value] ?? 0) : value);
  }, 0);
}
