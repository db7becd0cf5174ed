import { createHash, randomBytes } from 'node:crypto';

/** 192 bits. Its text of 32 characters needs no escapes in an address. */
const SECRET_BYTES = 24;

/** A secret for the address of a user, which cannot be guessed. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** The hash by which a secret is looked up, so that the time of a look-up reveals nothing about the secrets that exist. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('base64url');
}
