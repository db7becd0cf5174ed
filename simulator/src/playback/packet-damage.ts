import { withForeignPids } from './foreign-pids';
import type { StruckFaults } from '../faults/fault-book';
import {
  adaptationFlags,
  NULL_PID,
  nullPackets,
  PACKET_BYTES,
  PAT_PID,
  pidOf,
  PMT_PID,
  startsUnit,
  VIDEO_PID,
} from '../media/ts-packet';

/** Changes outgoing media; `offset` is where `data` begins in the body. May change the length. */
export type Damage = (data: Buffer, offset: number) => Buffer;

const NULL_PACKET = nullPackets(1);

function blankOut(data: Buffer, unwanted: (at: number) => boolean): Buffer {
  for (let at = 0; at < data.length; at += PACKET_BYTES) {
    if (unwanted(at)) NULL_PACKET.copy(data, at);
  }
  return data;
}

/** No tables: nobody can find the streams. */
export function withoutPsi(): Damage {
  return (data) =>
    blankOut(data, (at) => {
      const pid = pidOf(data, at);
      return pid === PAT_PID || pid === PMT_PID;
    });
}

/** No key frames: nobody can begin to decode. */
export function withoutRandomAccess(): Damage {
  let inKeyFrame = true;
  return (data) =>
    blankOut(data, (at) => {
      if (pidOf(data, at) !== VIDEO_PID) return false;
      if (startsUnit(data, at)) inKeyFrame = (adaptationFlags(data, at) & 0x40) !== 0;
      return inKeyFrame;
    });
}

/** One packet that is not a null packet is lost out of every `every`, from byte `from` on. */
export function withLostPackets(every: number, from: number): Damage {
  let seen = 0;
  return (data, offset) =>
    blankOut(data, (at) => {
      if (offset + at < from || pidOf(data, at) === NULL_PID) return false;
      seen += 1;
      return seen % every === 0;
    });
}

/** xorshift32: the same seed always damages the same bytes. */
function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A share `ratio` of all bytes gets another value, from byte `from` on. */
export function withGarbage(ratio: number, seed: number, from: number): Damage {
  const next = random(seed);
  // Distances between flipped bytes are drawn instead of one number per byte: cheap at small ratios.
  const gap = (): number => 1 + Math.floor(Math.log(1 - next()) / Math.log(1 - ratio));
  let at = from + (ratio < 1 ? gap() : 1) - 1;
  return (data, offset) => {
    while (at < offset + data.length) {
      const index = at - offset;
      if (index >= 0) {
        data.writeUInt8(data.readUInt8(index) ^ (1 + Math.floor(next() * 255)), index);
      }
      at += ratio < 1 ? gap() : 1;
    }
    return data;
  };
}

/** `inserted` comes between two bytes at `from`. */
export function withInsertion(inserted: Buffer, from: number): Damage {
  let done = false;
  return (data, offset) => {
    if (done || offset + data.length <= from) return data;
    done = true;
    const at = Math.max(0, from - offset);
    return Buffer.concat([data.subarray(0, at), inserted, data.subarray(at)]);
  };
}

/** `length` bytes at `from` are missing. */
export function withGap(length: number, from: number): Damage {
  let missing = length;
  return (data, offset) => {
    if (missing === 0 || offset + data.length <= from) return data;
    const at = Math.max(0, from - offset);
    const cut = Math.min(missing, data.length - at);
    missing -= cut;
    return Buffer.concat([data.subarray(0, at), data.subarray(at + cut)]);
  };
}

/** Other bytes stand ahead of each packet and behind it, as in M2TS or with error correction; never a sync byte. */
export function withFraming(ahead: number, behind: number): Damage {
  const filling = (length: number, number: number): Buffer =>
    Buffer.from(Array.from({ length }, (_, at) => (number * 7 + at * 13) & 0x3f));
  return (data, offset) => {
    const parts: Buffer[] = [];
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const number = (offset + at) / PACKET_BYTES;
      parts.push(filling(ahead, number), data.subarray(at, at + PACKET_BYTES));
      parts.push(filling(behind, number));
    }
    return Buffer.concat(parts);
  };
}

const HTML =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n';

/**
 * The damages of a playback. Those that look at packets come first, then those that shift bytes, so that each
 * sees the alignment it counts on.
 */
export function damagesOf(faults: StruckFaults): Damage[] {
  const damages: Damage[] = [];
  const foreign = faults.get('foreign_pids');
  if (faults.has('no_psi')) damages.push(withoutPsi());
  if (faults.has('no_random_access')) damages.push(withoutRandomAccess());
  // Behind those that know the streams by their usual PIDs.
  if (foreign)
    damages.push(withForeignPids(foreign.number('shift', 64), foreign.number('version', 0)));
  const lost = faults.get('continuity_error');
  if (lost) damages.push(withLostPackets(lost.number('every', 500), lost.number('bytes', 0)));
  const framing = faults.get('framing');
  if (framing) damages.push(withFraming(framing.number('ahead', 4), framing.number('behind', 0)));
  const garbage = faults.get('garbage');
  if (garbage) {
    const ratio = Math.min(1, Math.max(1e-9, garbage.number('ratio', 0.001)));
    damages.push(withGarbage(ratio, garbage.number('seed', 1), garbage.number('bytes', 0)));
  }
  const html = faults.get('html_in_middle');
  if (html) {
    const text = Buffer.from(html.text('html', HTML).repeat(html.number('repeat', 1)));
    damages.push(withInsertion(text, html.number('bytes', 1_000_000)));
  }
  const gap = faults.get('lost_sync');
  if (gap) damages.push(withGap(gap.number('length', 77), gap.number('bytes', 1_000_000)));
  const start = faults.get('misaligned_start');
  if (start) damages.push(withGap(start.number('bytes', 100), 0));
  return damages;
}
