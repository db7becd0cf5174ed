import { type MediaTally, MediaWatch, newMediaTally } from './media-watch';
import { PACKET_BYTES } from './packet-stamp';

const VIDEO = 0x100;
const STEP = 3600;

interface PacketFacts {
  pid?: number;
  continuity: number;
  /** Decoding time, 90 kHz, of the access unit that begins; undefined if none begins. */
  stamp?: number;
  flagged?: boolean;
}

function packet({ pid = VIDEO, continuity, stamp, flagged = false }: PacketFacts): Buffer {
  const bytes = Buffer.alloc(PACKET_BYTES, 0xff);
  bytes.set([0x47, (stamp === undefined ? 0 : 0x40) | (pid >> 8), pid & 255, 0x10 | continuity]);
  let at = 4;
  if (flagged) {
    bytes[3] = 0x30 | continuity;
    bytes.set([1, 0x80], 4);
    at = 6;
  }
  if (stamp !== undefined) {
    const low = stamp % 2 ** 30;
    bytes.set([0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5], at);
    bytes.set([0x21 | (Math.floor(stamp / 2 ** 30) << 1), low >>> 22], at + 9);
    bytes.set([((low >>> 14) & 255) | 1, (low >>> 7) & 255, ((low << 1) & 255) | 1], at + 11);
  }
  return bytes;
}

const NULL_PACKET = packet({ pid: 0x1fff, continuity: 0 });

describe('MediaWatch', () => {
  let tally: MediaTally;
  let watch: MediaWatch;
  let continuity: number;

  beforeEach(() => {
    tally = newMediaTally();
    watch = new MediaWatch(tally);
    continuity = 0;
  });

  const give = (bytes: Buffer, nowMs: number): void => watch.read(bytes, 0, bytes.length, nowMs);
  const unit = (stamp: number, nowMs: number, flagged = false): void =>
    give(packet({ continuity: continuity++ & 15, stamp, flagged }), nowMs);
  /** Ten access units without a disturbance, and the mark. */
  function settle(from = 0): number {
    for (let n = 0; n < 10; n++) unit((from + n * STEP) % 2 ** 33, n * 40);
    tally.learning = false;
    watch.mark();
    return (from + 9 * STEP) % 2 ** 33;
  }

  it('counts silence between media only, not between null packets and tables', () => {
    settle();
    for (let ms = 400; ms < 1400; ms += 100) {
      give(NULL_PACKET, ms);
      give(packet({ pid: 0, continuity: 0 }), ms);
    }
    unit(10 * STEP, 1400);
    expect(watch.silenceMs(1410)).toBe(1040);
    expect(watch.silenceMs(5400)).toBe(4000);
  });

  it('ignores events from before the mark', () => {
    unit(0, 0);
    unit(STEP, 9000);
    watch.mark();
    unit(2 * STEP, 9040);
    expect(watch.silenceMs(9050)).toBe(40);
  });

  it('is silent for ever without media', () => {
    give(NULL_PACKET, 5);
    expect(watch.silenceMs(10)).toBe(Infinity);
  });

  it('counts missing and repeated units', () => {
    const last = settle();
    unit(last + 4 * STEP, 400);
    expect(tally).toMatchObject({ lostUnits: 3, repeatedUnits: 0 });
    unit(last + 3 * STEP, 440);
    expect(tally).toMatchObject({ lostUnits: 3, repeatedUnits: 2 });
  });

  it('does not count the clock’s wrap as a loss', () => {
    const last = settle(2 ** 33 - 5 * STEP);
    unit(last + STEP, 400);
    expect(tally).toMatchObject({ lostUnits: 0, repeatedUnits: 0 });
  });

  it.each([
    ['unflagged', false, 1, 0],
    ['flagged', true, 0, 1],
  ])('a jump of the counter, %s', (_, flagged, continuityErrors, discontinuityFlags) => {
    const last = settle();
    continuity += 5;
    unit(last + STEP, 400, flagged);
    expect(tally).toMatchObject({ continuityErrors, discontinuityFlags, tableContinuityErrors: 0 });
  });

  it('gets the same results for reads of any size', () => {
    const packets = Array.from({ length: 20 }, (_, n) =>
      packet({ continuity: n & 15, stamp: n * STEP }),
    );
    const body = Buffer.concat([...packets, NULL_PACKET]);
    for (const size of [1, 7, 187, 188, 189, 1000]) {
      const seen = newMediaTally();
      const reader = new MediaWatch(seen);
      for (let at = 0; at < body.length; at += size) {
        reader.read(body, at, Math.min(body.length, at + size), at);
      }
      expect(seen).toMatchObject({ misaligned: 0, continuityErrors: 0, bytes: body.length });
      expect(seen.longestStep.get(VIDEO)).toBe(STEP);
    }
  });

  it('finds the start of packets again after missing bytes', () => {
    settle();
    give(Buffer.alloc(77, 0xff), 400);
    unit(10 * STEP, 440);
    unit(11 * STEP, 480);
    unit(12 * STEP, 520);
    expect(tally.misaligned).toBeGreaterThan(0);
    expect(watch.silenceMs(530)).toBeLessThan(200);
  });
});
