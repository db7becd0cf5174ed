import { Viewer } from '../viewers';

let made = 0;

/** A viewer as a request makes one, from any address. */
export function someViewer(ip = '192.0.2.1'): Viewer {
  const id = `viewer-${made++}`;
  return new Viewer({ id, ip, userAgent: 'VLC/3.0.20', path: '/ace/getstream' });
}
