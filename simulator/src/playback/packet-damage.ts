import type { Damage } from './damage';
import { foreignPids, withForeignPids } from './foreign-pids';
import {
  withOddTables,
  withProgrammeOffAir,
  withTableFlood,
  type Flood,
  type OddTables,
} from './odd-tables';
import { withTimeFlood } from './time-flood';
import type { Fault } from '../faults/fault';
import type { RequestFaults } from '../faults/fault-book';
import {
  AUDIO_PID,
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

const NULL_PACKET = nullPackets(1);

function blankOut(data: Buffer, unwanted: (at: number) => boolean): Buffer {
  for (let at = 0; at < data.length; at += PACKET_BYTES) {
    if (unwanted(at)) NULL_PACKET.copy(data, at);
  }
  return data;
}

/** Removes the tables, so that players cannot find the streams. */
export function withoutPsi(): Damage {
  return (data) =>
    blankOut(data, (at) => {
      const pid = pidOf(data, at);
      return pid === PAT_PID || pid === PMT_PID;
    });
}

/**
 * The stream is announced but has no packets, always or only until a time (ms since 1970). Its clock continues
 * unless it is lost as well.
 */
export function withMutedStream(
  muted: number,
  hasClock: boolean,
  from: number,
  until: number,
): Damage {
  let isMuted = false;
  return (data, _offset, dueMs) => {
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      if (pidOf(data, at) !== muted) continue;
      // Changes only at the start of a picture, so that pictures stay complete.
      if (startsUnit(data, at)) {
        const due = dueMs(at / PACKET_BYTES);
        isMuted = due >= from && due < until;
      }
      if (!isMuted) continue;
      if (hasClock && (adaptationFlags(data, at) & 0x10) !== 0) stripPayload(data, at);
      else NULL_PACKET.copy(data, at);
    }
    return data;
  };
}

function stripPayload(data: Buffer, at: number): void {
  const used = 5 + data.readUInt8(at + 4);
  data.fill(0xff, at + used, at + PACKET_BYTES);
  data.writeUInt8(PACKET_BYTES - 5, at + 4);
  data.writeUInt8((data.readUInt8(at + 3) & 0xcf) | 0x20, at + 3);
}

/** Removes key frames, so that players cannot start decoding. */
export function withoutRandomAccess(): Damage {
  let inKeyFrame = true;
  return (data) =>
    blankOut(data, (at) => {
      if (pidOf(data, at) !== VIDEO_PID) return false;
      if (startsUnit(data, at)) inKeyFrame = (adaptationFlags(data, at) & 0x40) !== 0;
      return inKeyFrame;
    });
}

/** Loses one out of `every` packets that are not null packets, from byte `from` on. */
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

/** Changes a share `ratio` of all bytes, from byte `from` on. */
export function withGarbage(ratio: number, seed: number, from: number): Damage {
  const next = random(seed);
  // Random distances between changed bytes instead of one random number per byte, because that is cheap for small
  // ratios.
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

/** Inserts `inserted` between two bytes at `from`. */
export function withInsertion(inserted: Buffer, from: number): Damage {
  let done = false;
  return (data, offset) => {
    if (done || offset + data.length <= from) return data;
    done = true;
    const at = Math.max(0, from - offset);
    return Buffer.concat([data.subarray(0, at), inserted, data.subarray(at)]);
  };
}

/** Removes `length` bytes at `from`. */
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

/** Adds bytes before and after each packet, as in M2TS or with error correction; never a sync byte. */
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

function floodOf(fault: Fault): Flood {
  const what = fault.text('what', 'pat');
  return what === 'small_pats' || what === 'pmt' ? what : 'pat';
}

function oddTablesOf(fault: Fault): OddTables {
  const pat = fault.text('pat', 'usual');
  return {
    pat: pat === 'none' || pat === 'network' || pat === 'elsewhere' ? pat : 'usual',
    crc: fault.text('crc', 'right') === 'wrong' ? 'wrong' : 'right',
    isNext: fault.text('in_force', 'now') === 'later',
  };
}

/**
 * The damages of a playback. Those that read packets come first, then those that shift bytes, so that each gets the
 * alignment that it needs.
 */
export function damagesOf(faults: RequestFaults): Damage[] {
  const damages: Damage[] = [];
  if (faults.has('no_psi')) damages.push(withoutPsi());
  if (faults.has('no_random_access')) damages.push(withoutRandomAccess());
  const mute = faults.get('mute_stream');
  if (mute) {
    const pid = mute.text('stream', 'video') === 'audio' ? AUDIO_PID : VIDEO_PID;
    const [from, until] = [mute.number('from_unix_ms', 0), mute.number('until_unix_ms', Infinity)];
    damages.push(withMutedStream(pid, mute.text('clock', 'kept') !== 'lost', from, until));
  }
  if (faults.has('programme_off_air')) damages.push(withProgrammeOffAir());
  const flood = faults.get('table_flood');
  if (flood) damages.push(withTableFlood(floodOf(flood), flood.number('entries', 42)));
  const leaps = faults.get('time_flood');
  if (leaps) damages.push(withTimeFlood(leaps.number('seconds', 60)));
  // After the damages that know the streams by their usual PIDs.
  let pmtPid = PMT_PID;
  const foreign = faults.get('foreign_pids');
  if (foreign) {
    const pids = foreignPids(foreign.number('shift', 64), {
      pmt: foreign.optionalNumber('pmt') ?? undefined,
      video: foreign.optionalNumber('video') ?? undefined,
      audio: foreign.optionalNumber('audio') ?? undefined,
      markers: foreign.optionalNumber('markers') ?? undefined,
    });
    pmtPid = pids.get(PMT_PID) ?? PMT_PID;
    const since = foreign.optionalNumber('since_unix_ms');
    damages.push(withForeignPids(pids, foreign.number('version', 0), since));
  }
  const tables = faults.get('odd_tables');
  if (tables) damages.push(withOddTables(oddTablesOf(tables), pmtPid));
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
