import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseClip } from './clip';
import { crc32 } from './psi';
import { buildSchedule } from './schedule';
import { Timeline } from './timeline';
import {
  AUDIO_PID,
  hasPayload,
  PACKET_BYTES,
  payloadOffset,
  pidOf,
  readTimestamp,
  startsUnit,
  VIDEO_PID,
  writePid,
} from './ts-packet';

const OWN = readFileSync(join(__dirname, '..', '..', 'media', 'clip.mpegts'));
const PMT_PID = 0x1000;
const HEVC = 0x24;
const AC3 = 0x81;
const AC3_REGISTRATION = Buffer.from('050441432d33', 'hex');

function packets(data: Buffer): Buffer[] {
  return Array.from({ length: data.length / PACKET_BYTES }, (_, n) =>
    Buffer.from(data.subarray(n * PACKET_BYTES, (n + 1) * PACKET_BYTES)),
  );
}

function unitPts(packet: Buffer): number {
  return readTimestamp(packet, payloadOffset(packet, 0) + 9);
}

/** A PMT packet that lists these streams, with `clock` as the PID of the PCR. */
function pmt(clock: number, streams: readonly (readonly [number, number, Buffer])[]): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES, 0xff);
  const body = Buffer.concat(
    streams.map(([type, pid, descriptors]) => {
      const entry = Buffer.from([type, 0xe0 | (pid >> 8), pid & 0xff, 0xf0, descriptors.length]);
      return Buffer.concat([entry, descriptors]);
    }),
  );
  const head = [0x02, 0xb0, 9 + body.length + 4, 0, 1, 0xc1, 0, 0];
  const clockAndInfo = [0xe0 | (clock >> 8), clock & 0xff, 0xf0, 0];
  const section = Buffer.concat([Buffer.from([...head, ...clockAndInfo]), body]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(section));
  Buffer.concat([Buffer.from([0x47, 0x50, 0, 0x10, 0]), section, crc]).copy(packet);
  return packet;
}

/** The first `pictures` of the repository's clip on other PIDs, announced with other types. */
function variant(pictures: number, video = 0x200, audio = 0x234): Buffer {
  const all = packets(OWN);
  const starts = all.filter((packet) => pidOf(packet, 0) === VIDEO_PID && startsUnit(packet, 0));
  const firstPts = unitPts(starts[0]!);
  const endPts = firstPts + pictures * 3600;
  let taken = { video: 0, isSoundOver: false };
  const kept = all.filter((packet) => {
    const pid = pidOf(packet, 0);
    if (pid === VIDEO_PID) {
      if (startsUnit(packet, 0)) taken = { ...taken, video: taken.video + 1 };
      return taken.video <= pictures;
    }
    if (pid === AUDIO_PID && startsUnit(packet, 0) && unitPts(packet) >= endPts) {
      taken = { ...taken, isSoundOver: true };
    }
    return pid !== AUDIO_PID || !taken.isSoundOver;
  });
  for (const packet of kept) {
    const pid = pidOf(packet, 0);
    if (pid === VIDEO_PID) writePid(packet, 1, video);
    if (pid === AUDIO_PID) writePid(packet, 1, audio);
    if (pid === PMT_PID) {
      const none = Buffer.alloc(0);
      pmt(video, [
        [HEVC, video, none],
        [AC3, audio, AC3_REGISTRATION],
      ]).copy(packet);
    }
  }
  return Buffer.concat(kept);
}

test('the clip of the repository is a loop of 8 s', () => {
  const { loopTicks, video, audio } = parseClip(OWN);
  expect({ loopTicks, video: video.type, audio: audio.type }).toEqual({
    loopTicks: 720_000,
    video: 0x1b,
    audio: 0x0f,
  });
});

describe('another clip', () => {
  const clip = parseClip(variant(75));
  const source = new Timeline(clip, buildSchedule(clip, 2, false), {
    infohash: '3ac1f5d06b7e42988f0d51c4e2b9a7636d80f101',
    name: 'Another',
    audioOnly: false,
    ptsOffsetTicks: 0,
  });
  const from = source.numberAt(1_795_230_000_000 - 3000);
  const data = source.render(from, 3 * source.packetsPerLoop);
  const of = (pid: number): Buffer[] => packets(data).filter((packet) => pidOf(packet, 0) === pid);

  test('lasts as long as its pictures, and repeats without a gap', () => {
    expect(clip.loopTicks).toBe(270_000);
    expect(source.timeOf(source.packetsPerLoop)).toBe(3000);
    const pictures = of(VIDEO_PID).filter((packet) => startsUnit(packet, 0));
    expect(pictures).toHaveLength(225);
    const shown = pictures.map(unitPts).sort((a, b) => a - b);
    expect(new Set(shown.slice(1).map((pts, n) => pts - shown[n]!))).toEqual(new Set([3600]));
    for (const pid of [0, PMT_PID, 0x11, VIDEO_PID, AUDIO_PID]) {
      const counters = of(pid).map((packet) => packet.readUInt8(3) & 0x0f);
      const payload = of(pid).map((packet) => hasPayload(packet, 0));
      counters.slice(1).forEach((counter, n) => {
        expect(counter).toBe((counters[n]! + (payload[n + 1] ? 1 : 0)) % 16);
      });
    }
  });

  test('is announced with its types and descriptors, on the PIDs of every broadcast', () => {
    const table = of(PMT_PID)[0]!;
    const at = 5 + 12;
    expect([...table.subarray(at, at + 5)]).toEqual([HEVC, 0xe1, 0x00, 0xf0, 0]);
    expect([...table.subarray(at + 5, at + 10)]).toEqual([AC3, 0xe1, 0x01, 0xf0, 6]);
    expect(table.subarray(at + 10, at + 16)).toEqual(AC3_REGISTRATION);
    const length = table.readUInt16BE(6) & 0x0fff;
    expect(crc32(table.subarray(5, 8 + length))).toBe(0);
  });
});

function without(data: Buffer, wanted: (packet: Buffer, n: number) => boolean): Buffer {
  return Buffer.concat(packets(data).filter((packet, n) => !wanted(packet, n)));
}

test.each([
  ['half a packet', (): Buffer => OWN.subarray(0, 1000), 'not a whole number of packets'],
  ['no tables', () => without(OWN, (packet) => pidOf(packet, 0) === 0), 'no PAT'],
  ['no programme', () => without(OWN, (packet) => pidOf(packet, 0) === PMT_PID), 'no PMT'],
  [
    'a picture that is missing',
    () => {
      let pictures = 0;
      return without(OWN, (packet) => {
        if (pidOf(packet, 0) !== VIDEO_PID) return false;
        if (startsUnit(packet, 0)) pictures += 1;
        return pictures === 20;
      });
    },
    'are not evenly spaced',
  ],
  [
    'more audio than video',
    () => {
      let pictures = 0;
      return without(OWN, (packet) => {
        if (pidOf(packet, 0) !== VIDEO_PID) return false;
        if (startsUnit(packet, 0)) pictures += 1;
        return pictures > 100;
      });
    },
    'audio does not fit into 4 s',
  ],
  [
    'no audio',
    () => {
      const all = packets(OWN);
      for (const packet of all) {
        if (pidOf(packet, 0) === PMT_PID) {
          pmt(VIDEO_PID, [[0x1b, VIDEO_PID, Buffer.alloc(0)]]).copy(packet);
        }
      }
      return Buffer.concat(all);
    },
    'video and audio',
  ],
])('a clip with %s is refused', (_, data, why) => {
  expect(() => parseClip(data())).toThrow(why);
});
