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

  /** One that watches, `share` of the ring behind its head. */
  function behind(share: number): Viewer {
    const viewer = makeViewer();
    viewer.cursor = history.ring.head - Math.round((share * bytes.length) / 188) * 188;
    viewer.socket = {} as Viewer['socket'];
    return viewer;
  }

  it('is what each viewer has yet to get: of the least, the median and the most supplied', () => {
    const runway = runwayOf(history, [behind(0.5), behind(0), behind(0.1)]);
    expect(runway!.leastMs).toBe(0);
    expect(Math.abs(runway!.typicalMs - 1000)).toBeLessThan(100);
    expect(Math.abs(runway!.mostMs - 5000)).toBeLessThan(100);
  });

  it('is nothing for those who only wait, and without any', () => {
    expect(runwayOf(history, [])).toBeNull();
    expect(runwayOf(history, [makeViewer()])).toBeNull();
  });

  it('is nothing while the stream has no clock', () => {
    const empty = new StreamHistory({ maxBytes: 1024 * 1024, maxAgeMs: 60_000 });
    expect(runwayOf(empty, [behind(0)])).toBeNull();
  });
});
