import type { Damage } from './damage';
import {
  hasPayload,
  NULL_PID,
  PACKET_BYTES,
  pidOf,
  TICKS_PER_SECOND,
  TIMESTAMP_WRAP,
  VIDEO_PID,
  writeContinuity,
  writeHeader,
  writePcr,
  writeTimestamp,
} from '../media/ts-packet';

const PES_HEADER = [0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5];
const KEY_FRAME = [0, 0, 1, 0x65];

/** Replaces every null packet by a key frame, each `seconds` later than the previous one. */
export function withTimeFlood(seconds: number): Damage {
  let ticks = 0;
  let counter = 0;
  return (data) => {
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const pid = pidOf(data, at);
      if (pid === NULL_PID) {
        ticks = (ticks + seconds * TICKS_PER_SECOND) % TIMESTAMP_WRAP;
        writePicture(data, at, ticks);
      } else if (pid !== VIDEO_PID) continue;
      // Additional pictures are inserted between the packets of the real pictures.
      if (hasPayload(data, at)) counter = (counter + 1) & 0x0f;
      writeContinuity(data, at, counter);
    }
    return data;
  };
}

function writePicture(data: Buffer, at: number, ticks: number): void {
  writeHeader(data, at, VIDEO_PID, true);
  data.fill(0x55, at + 4, at + PACKET_BYTES);
  // Adaptation field and payload; a random access point with a clock.
  data.writeUInt8((data.readUInt8(at + 3) & 0x0f) | 0x30, at + 3);
  data.writeUInt8(7, at + 4);
  data.writeUInt8(0x50, at + 5);
  writePcr(data, at, ticks, 0);
  data.set(PES_HEADER, at + 12);
  data.writeUInt8(0x20, at + 12 + PES_HEADER.length);
  writeTimestamp(data, at + 12 + PES_HEADER.length, ticks);
  data.set(KEY_FRAME, at + 12 + PES_HEADER.length + 5);
}
