import {
  continuityCounter,
  hasPayload,
  NULL_PID,
  pid as pidOf,
  SYNC,
  transportError,
  TS_PACKET,
} from './packet';
import { type Programme } from './programme';

/** A PID and the continuity counter of its first payload packet after the preface. */
export interface PidContinuity {
  readonly pid: number;
  readonly nextContinuity: number;
}

/**
 * Packets for a viewer that continues at another position: the PAT and PMT packets `psi`, then for each PID one packet
 * without payload that flags a discontinuity. Its counter is one less than the next payload packet's, so that no loss
 * is reported. Returns a new Buffer.
 */
export function discontinuityPreface(psi: Buffer, pids: Iterable<PidContinuity>): Buffer {
  const parts = [psi];
  for (const { pid, nextContinuity } of pids) {
    const packet = Buffer.alloc(TS_PACKET, 0xff);
    packet[0] = SYNC;
    packet[1] = pid >> 8;
    packet[2] = pid & 0xff;
    packet[3] = 0x20 | ((nextContinuity + 15) & 0x0f);
    packet[4] = TS_PACKET - 5;
    packet[5] = 0x80;
    parts.push(packet);
  }
  return Buffer.concat(parts);
}

/**
 * Continuity counter of the first payload packet of each elementary and PCR PID in `runs` (whole packets, in stream
 * order). PIDs without packets are not in the result. For a PID of which all packets lack payload, it is the
 * successor of the first counter.
 */
export function firstContinuities(
  runs: Iterable<Buffer>,
  programme: Programme,
): Map<number, number> {
  const wanted = new Set(programme.streams.map((stream) => stream.pid));
  if (programme.pcrPid !== NULL_PID) wanted.add(programme.pcrPid);
  const found = new Map<number, number>();
  for (const run of runs) {
    for (let at = 0; at + TS_PACKET <= run.length; at += TS_PACKET) {
      const pid = pidOf(run, at);
      if (!wanted.has(pid) || transportError(run, at)) continue;
      const counter = continuityCounter(run, at);
      if (hasPayload(run, at)) {
        found.set(pid, counter);
        wanted.delete(pid);
        if (wanted.size === 0) return found;
      } else if (!found.has(pid)) {
        found.set(pid, (counter + 1) & 0x0f);
      }
    }
  }
  return found;
}
