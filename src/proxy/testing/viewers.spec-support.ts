import { Viewer } from '../viewers';

let made = 0;

/** A viewer with an id of its own, as the request of a player creates one. */
export function makeViewer(ip = '192.0.2.1'): Viewer {
  const id = `viewer-${made++}`;
  return new Viewer({
    id,
    ip,
    userAgent: 'VLC/3.0.20',
    path: '/ace/getstream',
    user: null,
    device: ip,
  });
}
