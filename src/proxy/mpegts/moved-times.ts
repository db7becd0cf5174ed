import {
  hasPayload,
  payloadOffset,
  payloadUnitStart,
  pid,
  scrambled,
  shiftPcr,
  transportError,
  TS_PACKET,
} from './packet';
import { isPesStart, pesDecodingTime, shiftPesTimes, ticksBetween, TIMESTAMP_WRAP } from './pes';
import { type Programme } from './programme';

/**
 * The first PES packet after a jump is placed 200 ms after the last one before it, because the last ones may be
 * reordered, or belong to one stream only.
 */
const GAP_TICKS = 90 * 200;

/** A copy of whole packets in which every PCR, PTS and DTS is `ticks` (90 kHz, 0..2^33−1) later. */
export function withMovedTimes(packets: Buffer, ticks: number): Buffer {
  // Not from the pool: a copy that waits on a socket would keep the whole pool slab alive.
  const moved = Buffer.allocUnsafeSlow(packets.length);
  packets.copy(moved);
  for (let at = 0; at + TS_PACKET <= moved.length; at += TS_PACKET) {
    if (transportError(moved, at)) continue;
    shiftPcr(moved, at, ticks);
    if (payloadUnitStart(moved, at) && hasPayload(moved, at) && !scrambled(moved, at)) {
      shiftPesTimes(moved, payloadOffset(moved, at), at + TS_PACKET, ticks);
    }
  }
  return moved;
}

/**
 * Ticks (0..2^33−1) to add to `after` so that it continues where `before` ended: the first PES packet of each video
 * and audio stream comes a little later than the last one. Null if no stream has timestamps in both. Both are whole
 * packets.
 */
export function ticksToFollow(
  before: Iterable<Buffer>,
  after: Iterable<Buffer>,
  programme: Programme,
): number | null {
  const step = stepBetween(before, after, programme);
  return step === null ? null : (GAP_TICKS - step + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
}

/**
 * Ticks of 90 kHz from the last PES packet in `before` to the first one in `after`, for the video or audio stream
 * with the shortest step. Null if no stream has timestamps in both.
 */
export function stepBetween(
  before: Iterable<Buffer>,
  after: Iterable<Buffer>,
  programme: Programme,
): number | null {
  const ended = new Map<number, number>();
  readTimes(before, mediaPids(programme), (id, time) => {
    ended.set(id, time);
    return true;
  });
  let shortest: number | null = null;
  const missing = new Set(ended.keys());
  readTimes(after, missing, (id, time) => {
    const step = ticksBetween(ended.get(id) as number, time);
    shortest = shortest === null ? step : Math.min(shortest, step);
    missing.delete(id);
    return missing.size > 0;
  });
  return shortest;
}

function mediaPids({ streams }: Programme): ReadonlySet<number> {
  const media = streams.filter(({ kind }) => kind === 'video' || kind === 'audio');
  return new Set((media.length > 0 ? media : streams).map((stream) => stream.pid));
}

/** Passes the decoding time of each PES packet that begins in `runs` to `visit`, until that returns false. */
function readTimes(
  runs: Iterable<Buffer>,
  wanted: ReadonlySet<number>,
  visit: (pid: number, time: number) => boolean,
): void {
  for (const run of runs) {
    for (let at = 0; at + TS_PACKET <= run.length; at += TS_PACKET) {
      if (!payloadUnitStart(run, at) || !wanted.has(pid(run, at))) continue;
      if (transportError(run, at) || scrambled(run, at)) continue;
      const [from, end] = [payloadOffset(run, at), at + TS_PACKET];
      const time = isPesStart(run, from, end) ? pesDecodingTime(run, from, end) : -1;
      if (time >= 0 && !visit(pid(run, at), time)) return;
    }
  }
}
