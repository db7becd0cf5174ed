import { StreamHistory } from '../../upstream';
import { SyntheticStream } from '../../testing/synthetic-stream.spec-support';
import { makeViewer } from '../../testing/viewers.spec-support';
import type { Viewer } from '../../viewers';
import { runwayOf } from './runway';

describe('runwayOf', () => {
  const history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 60_000 });
  const bytes = new SyntheticStream().take(250);
  history.append(bytes, 0, bytes.length, 0);
  history.ring.commit();

  /** A viewer with a socket, behind the head by `share` of the ring. */
  function behind(share: number): Viewer {
    const viewer = makeViewer();
    viewer.cursor = history.ring.head - Math.round((share * bytes.length) / 188) * 188;
    viewer.socket = {} as Viewer['socket'];
    return viewer;
  }

  it('is the media that viewers have yet to get: the least, the median and the most', () => {
    const runway = runwayOf(history, [behind(0.5), behind(0), behind(0.1)]);
    expect(runway!.leastMs).toBe(0);
    expect(Math.abs(runway!.typicalMs - 1000)).toBeLessThan(100);
    expect(Math.abs(runway!.mostMs - 5000)).toBeLessThan(100);
  });

  it('is null without viewers and for viewers who still wait', () => {
    expect(runwayOf(history, [])).toBeNull();
    expect(runwayOf(history, [makeViewer()])).toBeNull();
  });

  it('is null while the stream has no clock', () => {
    const empty = new StreamHistory({ maxBytes: 1024 * 1024, maxAgeMs: 60_000 });
    expect(runwayOf(empty, [behind(0)])).toBeNull();
  });
});
