import {
  payloadOffset,
  payloadUnitStart,
  pcr,
  pesDecodingTime,
  pid,
  SpreadTimes,
  stepBetween,
  ticksBetween,
  TIMESTAMP_WRAP,
  TransportScanner,
  TS_PACKET,
} from '../mpegts';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';

const SECOND = 25;
const WRAP_MS = TIMESTAMP_WRAP / 90;
const STREAMS = [0x100, 0x101];

function timesOf(bytes: Buffer, id: number): number[] {
  return packetsOf(bytes).flatMap((packet) => {
    if (pid(packet, 0) !== id || !payloadUnitStart(packet, 0)) return [];
    return [pesDecodingTime(packet, payloadOffset(packet, 0), TS_PACKET)];
  });
}

describe('SpreadTimes', () => {
  it.each([
    ['of six seconds', 0, 6000, 100],
    ['slightly longer than a second', 0, 1100, 100],
    ['over the wrap', WRAP_MS - 3000, 15_000, 100],
    ['with small pieces', 0, 6000, 3],
  ])('fills a gap with a unit every 800 ms: %s', (_, startMs, holeMs, packets) => {
    const before = new SyntheticStream({ startMs }).take(SECOND);
    const after = new SyntheticStream({ startMs: startMs + 1000 + holeMs }).take(2 * SECOND);
    const source = Buffer.from(after);
    const scanner = new TransportScanner();
    scanner.scan(before, 0, before.length, 0, 0);
    const step = stepBetween([before], [after], scanner.programme!)!;
    expect(step).toBe((holeMs + 40) * 90);

    const times = new SpreadTimes(step);
    const pieces: Buffer[] = [];
    for (let at = 0; at < after.length; at += packets * TS_PACKET) {
      pieces.push(times.apply(after.subarray(at, at + packets * TS_PACKET)));
    }
    const spread = Buffer.concat(pieces);
    for (const id of STREAMS) {
      const line = [...timesOf(before, id), ...timesOf(spread, id)];
      const stepsMs = line.slice(1).map((time, i) => ticksBetween(line[i]!, time) / 90);
      expect(Math.min(...stepsMs)).toBeGreaterThan(0);
      expect(Math.max(...stepsMs)).toBeLessThanOrEqual(840);
      // After the hole all timestamps are unchanged.
      const count = Math.ceil(holeMs / 800) + 1;
      expect(timesOf(spread, id).slice(count)).toEqual(timesOf(after, id).slice(count));
    }
    const clocks = (bytes: Buffer): number[] => packetsOf(bytes).map((packet) => pcr(packet, 0));
    expect(clocks(spread)).toEqual(clocks(after));
    expect(after.equals(source)).toBe(true);
  });

  it('copies nothing once the gap is filled', () => {
    const stream = new SyntheticStream();
    const times = new SpreadTimes(90 * 2000);
    times.apply(stream.take(SECOND));
    times.apply(stream.take(SECOND));
    const later = stream.take(SECOND);
    expect(times.apply(later)).toBe(later);
  });
});
