import type { StreamUser } from '../../access';
import { Viewer } from '../viewers';

let made = 0;

/** A user of streams. Only one with the same id is the same user. */
export function makeUser(maxStreams: number | null, id = 'u1'): StreamUser {
  return {
    id,
    name: id,
    isEnabled: true,
    expiresAtMs: null,
    maxStreams,
    cidrs: [],
    profile: null,
    createdAtMs: 0,
    lastSeenAtMs: null,
  };
}

/** A viewer with an id of its own, as the request of a player creates one. Each address is one device. */
export function makeViewer(ip = '192.0.2.1', user: StreamUser | null = null): Viewer {
  const id = `viewer-${made++}`;
  return new Viewer({
    id,
    ip,
    userAgent: 'VLC/3.0.20',
    path: '/ace/getstream',
    user,
    device: ip,
  });
}
