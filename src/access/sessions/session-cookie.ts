import type { IncomingHttpHeaders } from 'node:http';

export const SESSION_COOKIE = 'acefleet_session';

const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';

/** Longer secrets are not looked up. */
const SECRET = /^[\w-]{1,64}$/;

/** The secret of the session that a request presents; null without one. */
export function sessionSecretOf({ cookie = '' }: IncomingHttpHeaders): string | null {
  for (const part of cookie.split(';')) {
    const [name, value = ''] = part.trim().split('=', 2);
    if (name === SESSION_COOKIE && SECRET.test(value)) return value;
  }
  return null;
}

/** `Set-Cookie` of a new session. */
export function sessionCookie(secret: string, maxAgeMs: number, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : '';
  return `${SESSION_COOKIE}=${secret}; ${ATTRIBUTES}; Max-Age=${Math.floor(maxAgeMs / 1000)}${secure}`;
}

/** `Set-Cookie` that removes the cookie. */
export const NO_SESSION_COOKIE = `${SESSION_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;
