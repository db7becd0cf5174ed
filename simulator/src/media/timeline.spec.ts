import * as fc from 'fast-check';
import { loadClip } from './clip';
import { readMarker } from './marker';
import { crc32 } from './psi';
import { buildSchedule } from './schedule';
import { steps } from './steps.spec-support';
import { Timeline } from './timeline';
import {
  adaptationFlags,
  AUDIO_PID,
  hasPayload,
  MARKER_PID,
  NULL_PID,
  PACKET_BYTES,
  PAT_PID,
  payloadOffset,
  pidOf,
  PMT_PID,
  readPcr,
  readTimestamp,
  startsUnit,
  TIMESTAMP_WRAP,
  VIDEO_PID,
} from './ts-packet';

const clip = loadClip();
const INFOHASH = '3ac1f5d06b7e42988f0d51c4e2b9a7636d80f101';
/** A loop boundary: 2026-11-21, a multiple of 8 s. */
const SEAM_MS = 1_795_230_000_000;
const PCR_WRAP = TIMESTAMP_WRAP * 300;

function timeline(bitrateMbps: number, audioOnly = false, ptsOffsetTicks = 0): Timeline {
  const schedule = buildSchedule(clip, bitrateMbps, audioOnly);
  return new Timeline(clip, schedule, {
    infohash: INFOHASH,
    name: 'Test card',
    audioOnly,
    ptsOffsetTicks,
  });
}

function render(source: Timeline, fromMs: number, toMs: number): Buffer {
  const first = source.numberAt(fromMs);
  return source.render(first, source.numberAt(toMs) - first);
}

function packetsOf(data: Buffer, pid: number): number[] {
  const found: number[] = [];
  for (let at = 0; at < data.length; at += PACKET_BYTES)
    if (pidOf(data, at) === pid) found.push(at);
  return found;
}

function times(data: Buffer, pid: number): { pts: number[]; dts: number[] } {
  const units = packetsOf(data, pid).filter((at) => startsUnit(data, at));
  const pes = units.map((at) => at + payloadOffset(data, at));
  const pts = pes.map((at) => readTimestamp(data, at + 9));
  const dts = pes.map((at, n) =>
    data.readUInt8(at + 7) >> 6 === 3 ? readTimestamp(data, at + 14) : pts[n]!,
  );
  return { pts, dts };
}

function pcrs(data: Buffer, pid: number): number[] {
  return packetsOf(data, pid)
    .filter((at) => (adaptationFlags(data, at) & 0x10) !== 0)
    .map((at) => readPcr(data, at));
}

describe.each([
  ['1 Mbit/s', 1, 0],
  ['8 Mbit/s', 8, 0],
  ['50 Mbit/s', 50, 0],
  // The PTS wraps within the third second after the end of the loop.
  [
    '8 Mbit/s over the 33-bit wrap',
    8,
    TIMESTAMP_WRAP - (((SEAM_MS / 1000) * 90_000) % TIMESTAMP_WRAP) - 200_000,
  ],
])('three loops at %s', (_name, bitrate, offset) => {
  const source = timeline(bitrate, false, offset);
  const data = render(source, SEAM_MS - 8_000, SEAM_MS + 16_000);

  test('pictures are 40 ms apart, also between loops', () => {
    const { pts, dts } = times(data, VIDEO_PID);
    expect(dts).toHaveLength(600);
    expect(new Set(steps(dts, TIMESTAMP_WRAP))).toEqual(new Set([3600]));
    const shown = [...steps(pts, TIMESTAMP_WRAP)].reduce(
      (all, step) => [...all, all.at(-1)! + step],
      [0],
    );
    expect(
      new Set(
        steps(
          shown.sort((a, b) => a - b),
          TIMESTAMP_WRAP,
        ),
      ),
    ).toEqual(new Set([3600]));
  });

  test('audio continues between loops', () => {
    const { pts } = times(data, AUDIO_PID);
    for (const step of steps(pts, TIMESTAMP_WRAP)) {
      expect(step).toBeGreaterThan(0);
      // Whole AAC frames of 1920 ticks.
      expect(step % 1920).toBe(0);
    }
    expect(steps([pts[0]!, pts[pts.length / 3]!], TIMESTAMP_WRAP)).toEqual([720_000]);
  });

  test('the PCR grows with the number of packets, and is 0.2 to 0.6 s before the DTS', () => {
    const places = packetsOf(data, VIDEO_PID).filter(
      (at) => (adaptationFlags(data, at) & 0x10) !== 0,
    );
    const clocks = pcrs(data, VIDEO_PID);
    const perPacket = (8 * 27e6) / source.packetsPerLoop;
    steps(clocks, PCR_WRAP).forEach((step, n) => {
      const packets = (places[n + 1]! - places[n]!) / PACKET_BYTES;
      expect(Math.abs(step - packets * perPacket)).toBeLessThanOrEqual(1);
      expect(step).toBeLessThan(27e6 / 10);
    });
    const { dts } = times(data, VIDEO_PID);
    expect(dts).toHaveLength(clocks.length);
    clocks.forEach((clock, n) => {
      const [ahead] = steps([Math.floor(clock / 300), dts[n]!], TIMESTAMP_WRAP);
      expect(ahead).toBeGreaterThan(18_000);
      expect(ahead).toBeLessThanOrEqual(54_000);
    });
  });

  test('continuity counters continue between loops on every PID', () => {
    for (const pid of [PAT_PID, PMT_PID, 0x11, VIDEO_PID, AUDIO_PID, MARKER_PID]) {
      const counters = packetsOf(data, pid).map((at) => data.readUInt8(at + 3) & 0x0f);
      const payload = packetsOf(data, pid).map((at) => hasPayload(data, at));
      counters.slice(1).forEach((counter, n) => {
        expect(counter).toBe((counters[n]! + (payload[n + 1] ? 1 : 0)) % 16);
      });
    }
  });

  test('a key frame begins with every second, right after its tables', () => {
    for (let second = -8; second < 16; second += 1) {
      const rendered = render(source, SEAM_MS + second * 1000, SEAM_MS + second * 1000 + 200);
      expect(pidOf(rendered, 0)).toBe(PAT_PID);
      expect(pidOf(rendered, PACKET_BYTES)).toBe(PMT_PID);
      const unit = packetsOf(rendered, VIDEO_PID).find((at) => startsUnit(rendered, at))!;
      expect(adaptationFlags(rendered, unit) & 0x40).toBe(0x40);
    }
  });

  test('markers count every packet, with and without null packets, at most 40 ms apart', () => {
    let media = 0;
    let last: { place: number; media: number; number: bigint; mediaNumber: bigint } | null = null;
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const marker = readMarker(data, at);
      if (marker) {
        expect(marker.infohash).toBe(INFOHASH);
        const dueMs = source.timeOf(Number(marker.packetNumber));
        expect(Math.abs(Number(marker.broadcastNs / 1000n) / 1000 - dueMs)).toBeLessThan(0.01);
        if (last) {
          const packets = BigInt((at - last.place) / PACKET_BYTES);
          expect(marker.packetNumber - last.number).toBe(packets);
          expect(marker.mediaNumber - last.mediaNumber).toBe(BigInt(media - last.media));
          expect((Number(packets) * 8000) / source.packetsPerLoop).toBeLessThan(40);
        }
        last = { place: at, media, number: marker.packetNumber, mediaNumber: marker.mediaNumber };
      }
      if (pidOf(data, at) !== NULL_PID) media += 1;
    }
    expect(last).not.toBeNull();
  });
});

test('the PTS wraps at the configured time', () => {
  const offset = TIMESTAMP_WRAP - (((SEAM_MS / 1000) * 90_000) % TIMESTAMP_WRAP) - 200_000;
  const { pts } = times(render(timeline(4, false, offset), SEAM_MS, SEAM_MS + 8000), VIDEO_PID);
  expect(pts[0]).toBeGreaterThan(TIMESTAMP_WRAP - 200_000);
  expect(pts.at(-1)).toBeLessThan(720_000);
});

test('radio has no video, and its PCR is on the audio PID', () => {
  const data = render(timeline(1, true), SEAM_MS - 8000, SEAM_MS + 8000);
  expect(packetsOf(data, VIDEO_PID)).toEqual([]);
  const clocks = pcrs(data, AUDIO_PID);
  expect(clocks).toHaveLength(400);
  expect(Math.max(...steps(clocks, PCR_WRAP))).toBeLessThan(27e6 / 10);
  const counters = packetsOf(data, AUDIO_PID);
  counters.slice(1).forEach((at, n) => {
    const grown = (data.readUInt8(at + 3) - data.readUInt8(counters[n]! + 3) + 16) % 16;
    expect(grown).toBe(hasPayload(data, at) ? 1 : 0);
  });
});

test('tables carry valid checksums', () => {
  const data = render(timeline(4), SEAM_MS, SEAM_MS + 1000);
  for (const pid of [PAT_PID, PMT_PID, 0x11]) {
    const at = packetsOf(data, pid)[0]!;
    const length = data.readUInt16BE(at + 6) & 0x0fff;
    expect(crc32(data.subarray(at + 5, at + 8 + length))).toBe(0);
  }
});

test('the broadcast is a pure function of content and time: the same bytes on any engine, in any pieces', () => {
  const clip = timeline(4);
  const other = timeline(4);
  const length = clip.packetsPerLoop;
  const origin = clip.numberAt(SEAM_MS);
  fc.assert(
    fc.property(
      fc.integer({ min: -length, max: length }),
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1, max: 3000 }),
      (start, head, tail) => {
        const whole = clip.render(origin + start, head + tail);
        const pieces = [
          other.render(origin + start, head),
          other.render(origin + start + head, tail),
        ];
        expect(Buffer.concat(pieces).equals(whole)).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

test('a bit rate that is too low for the clip is refused', () => {
  expect(() => buildSchedule(clip, 0.4, false)).toThrow(RangeError);
});
