import {
  continuityCounter,
  discontinuityIndicator,
  hasPayload,
  NULL_PID,
  pid as pidOf,
} from '../mpegts';
import { packetsOf } from './synthetic-stream.spec-support';

/**
 * The losses that a player would detect: one line for each payload packet whose counter does not follow the last one
 * of its PID, unless the discontinuity flag allows that. Null packets are ignored, because they are not counted.
 */
export function continuityFaults(bytes: Buffer): string[] {
  const counters = new Map<number, number>();
  const faults: string[] = [];
  packetsOf(bytes).forEach((packet, index) => {
    const pid = pidOf(packet, 0);
    if (pid === NULL_PID) return;
    const counter = continuityCounter(packet, 0);
    if (discontinuityIndicator(packet, 0)) counters.set(pid, counter);
    if (!hasPayload(packet, 0)) return;
    const last = counters.get(pid);
    if (last !== undefined && counter !== ((last + 1) & 0x0f)) {
      faults.push(`packet ${index}: PID ${pid} has ${counter} after ${last}`);
    }
    counters.set(pid, counter);
  });
  return faults;
}

/** PIDs in the order of their first packets. */
export function pidsOf(bytes: Buffer): number[] {
  return [...new Set(packetsOf(bytes).map((packet) => pidOf(packet, 0)))];
}
