import { randomBytes } from 'node:crypto';

/** A content id that no other test uses; a simulator with `anyContent` plays it. */
export function newContentId(): string {
  return `7e57${randomBytes(18).toString('hex')}`;
}

/** The URL of a content for players. */
export function streamPath(id: string, more = ''): string {
  return `/ace/getstream?id=${id}${more}`;
}
