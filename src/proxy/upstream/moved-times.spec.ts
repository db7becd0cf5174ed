import {
  hasPayload,
  payloadOffset,
  payloadUnitStart,
  pcr,
  pesDecodingTime,
  pid,
  ticksBetween,
  ticksToFollow,
  TIMESTAMP_WRAP,
  TransportScanner,
  TS_PACKET,
  withMovedTimes,
} from '../mpegts';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';

const SECOND = 25;
const WRAP_MS = TIMESTAMP_WRAP / 90;

function programmeOf(bytes: Buffer) {
  const scanner = new TransportScanner();
  scanner.scan(bytes, 0, bytes.length, 0, 0);
  return scanner.programme!;
}

/** Decoding times by PID, in ticks of 90 kHz. */
function timesOf(bytes: Buffer): Map<number, number[]> {
  const times = new Map<number, number[]>();
  for (const packet of packetsOf(bytes)) {
    if (!payloadUnitStart(packet, 0) || !hasPayload(packet, 0)) continue;
    const time = pesDecodingTime(packet, payloadOffset(packet, 0), TS_PACKET);
    if (![0x100, 0x101].includes(pid(packet, 0))) continue;
    times.set(pid(packet, 0), [...(times.get(pid(packet, 0)) ?? []), time]);
  }
  return times;
}

const clocksOf = (bytes: Buffer): number[] =>
  packetsOf(bytes).flatMap((packet) => (pcr(packet, 0) < 0 ? [] : [pcr(packet, 0)]));

describe('withMovedTimes', () => {
  it.each([0, WRAP_MS - 2000])(
    'shifts all timestamps, also across the wrap, and changes nothing else: from %d ms',
    (startMs) => {
      const bytes = new SyntheticStream({ startMs }).take(4 * SECOND);
      const before = Buffer.from(bytes);
      const ticks = 90 * 3_600_000;
      const moved = withMovedTimes(bytes, ticks);
      expect(bytes.equals(before)).toBe(true);
      expect([...timesOf(moved)]).toEqual(
        [...timesOf(bytes)].map(([id, times]) => [
          id,
          times.map((time) => (time + ticks) % TIMESTAMP_WRAP),
        ]),
      );
      expect(clocksOf(moved)).toEqual(
        clocksOf(bytes).map((clock) => (clock + ticks * 300) % (TIMESTAMP_WRAP * 300)),
      );
      expect(withMovedTimes(moved, TIMESTAMP_WRAP - ticks).equals(bytes)).toBe(true);
    },
  );
});

describe('ticksToFollow', () => {
  it.each([
    ['a leap forward', 0, 45_000],
    ['over the wrap', WRAP_MS - 1500, 30_000],
    ['a leap back', 100_000, -30_000],
  ])('joins two time lines: %s', (_, startMs, leapMs) => {
    const before = new SyntheticStream({ startMs }).take(SECOND);
    const after = new SyntheticStream({ startMs: startMs + 1000 + leapMs }).take(SECOND);
    const ticks = ticksToFollow([before], [after], programmeOf(before))!;
    for (const [id, times] of timesOf(withMovedTimes(after, ticks))) {
      const stepMs = ticksBetween(timesOf(before).get(id)!.at(-1)!, times[0]!) / 90;
      expect(stepMs).toBeGreaterThan(0);
      expect(stepMs).toBeLessThanOrEqual(200);
    }
  });

  it('needs a stream with timestamps in both', () => {
    const bytes = new SyntheticStream().take(SECOND);
    const programme = programmeOf(bytes);
    const tables = bytes.subarray(0, 2 * TS_PACKET);
    expect(ticksToFollow([tables], [bytes], programme)).toBeNull();
    expect(ticksToFollow([bytes], [tables], programme)).toBeNull();
    const sound = Buffer.concat(packetsOf(bytes).filter((packet) => pid(packet, 0) === 0x101));
    expect(ticksToFollow([sound], [bytes], programme)).not.toBeNull();
  });
});
