import type { Clip, ClipPacket } from './clip';
import { PACKET_BYTES, TICKS_PER_SECOND } from './ts-packet';

export type SlotKind = 'pat' | 'pmt' | 'sdt' | 'marker' | 'video' | 'audio' | 'pcr';

/** A packet other than a null packet, and its position in the loop. */
export interface Slot {
  /** Index among all packets of the loop. */
  readonly index: number;
  readonly kind: SlotKind;
  readonly clip: ClipPacket | null;
  /** Number of payload packets of its PID before it in the loop, from which its continuity counter follows. */
  readonly continuity: number;
}

/** One loop of a broadcast. All repetitions are equal except for counters and timestamps. */
export interface Schedule {
  readonly packetsPerLoop: number;
  readonly slots: readonly Slot[];
  /** Payload packets per loop and kind. */
  readonly counts: Readonly<Record<SlotKind, number>>;
}

const PSI_PER_SECOND = 10;
/** In repetitions of PAT and PMT. */
const SDT_EVERY = 5;
const MARKERS_PER_SECOND = 50;

function packetsPerLoop(bitrateMbps: number, seconds: number): number {
  return Math.round((bitrateMbps * 1e6 * seconds) / (PACKET_BYTES * 8));
}

type Placed = Omit<Slot, 'continuity'>;

/**
 * Spreads the clip over a loop with constant bit rate: tables every 100 ms and markers every 20 ms keep their
 * positions, each access unit is sent as soon as it is due and the previous ones are sent, and null packets fill
 * the rest.
 * @throws RangeError if the bit rate is too low for the clip.
 */
export function buildSchedule(clip: Clip, bitrateMbps: number, audioOnly: boolean): Schedule {
  const seconds = clip.loopTicks / TICKS_PER_SECOND;
  const total = packetsPerLoop(bitrateMbps, seconds);
  const tables = Math.ceil(seconds * PSI_PER_SECOND);
  const markers = Math.ceil(seconds * MARKERS_PER_SECOND);
  const taken = new Map<number, Placed>();
  const place = (from: number, kind: SlotKind, packet: ClipPacket | null): number => {
    let index = from;
    while (taken.has(index)) index += 1;
    if (index >= total) throw new RangeError(`${bitrateMbps} Mbit/s is too low for the clip`);
    taken.set(index, { index, kind, clip: packet });
    return index;
  };

  for (let n = 0; n < tables; n += 1) {
    const at = Math.ceil((n * total) / tables);
    place(at, 'pat', null);
    place(at, 'pmt', null);
    if (n % SDT_EVERY === 0) place(at, 'sdt', null);
  }
  for (let n = 0; n < markers; n += 1) {
    place(Math.ceil((n * total) / markers), 'marker', null);
  }
  let next = 0;
  for (const packet of clip.packets) {
    const kind = audioOnly && packet.stream === 'video' ? 'pcr' : packet.stream;
    if (kind === 'pcr' && !packet.hasPcr) continue;
    const due = Math.ceil((packet.sendTicks * total) / clip.loopTicks);
    next = place(Math.max(next, due), kind, packet) + 1;
  }
  return number(
    total,
    [...taken.values()].sort((a, b) => a.index - b.index),
  );
}

function number(total: number, placed: readonly Placed[]): Schedule {
  const counts = { pat: 0, pmt: 0, sdt: 0, marker: 0, video: 0, audio: 0, pcr: 0 };
  const slots = placed.map((slot): Slot => {
    // A packet without payload repeats the counter of the previous payload packet on its PID.
    if (slot.kind === 'pcr') return { ...slot, continuity: counts.audio - 1 };
    if (slot.clip !== null && !slot.clip.hasPayload) {
      return { ...slot, continuity: counts[slot.kind] - 1 };
    }
    const continuity = counts[slot.kind];
    counts[slot.kind] += 1;
    return { ...slot, continuity };
  });
  return { packetsPerLoop: total, slots, counts };
}
