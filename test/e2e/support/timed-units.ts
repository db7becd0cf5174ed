import { createHash } from 'node:crypto';
import {
  PACKET_BYTES,
  payloadOffset,
  pidOf,
  presentationTimeOf,
  hasPayload,
  startsUnit,
} from './ts-packet';

/** One picture, or some frames of sound, as it was sent. */
export interface TimedUnit {
  /** Of its bytes, without the header that has its times. */
  readonly print: string;
  /** 90 kHz. */
  readonly pts: number;
}

/** Whole units of one PID in order: those that another one follows. */
export function unitsOf(body: Buffer, pid: number): TimedUnit[] {
  const units: TimedUnit[] = [];
  let pieces: Buffer[] = [];
  let pts: number | null = null;
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    if (pidOf(body, at) !== pid || !hasPayload(body, at)) continue;
    let from = payloadOffset(body, at);
    if (startsUnit(body, at)) {
      if (pts !== null) units.push({ print: printOf(pieces), pts });
      pts = presentationTimeOf(body, at);
      pieces = [];
      // The header of a PES packet: 9 bytes and as many as the last of them says.
      from += 9 + body.readUInt8(from + 8);
    }
    pieces.push(body.subarray(from, at + PACKET_BYTES));
  }
  return units;
}

/**
 * By how much the times of units differ from those that the same units have in `reference`, modulo `wrap`; each
 * distance once. What is in the reference more than once says nothing.
 */
export function distances(
  units: readonly TimedUnit[],
  reference: readonly TimedUnit[],
  wrap: number,
): number[] {
  const known = new Map<string, number | null>();
  for (const { print, pts } of reference) known.set(print, known.has(print) ? null : pts);
  const found = new Set<number>();
  for (const { print, pts } of units) {
    const original = known.get(print);
    if (original != null) found.add((((pts - original) % wrap) + wrap) % wrap);
  }
  return [...found];
}

function printOf(pieces: readonly Buffer[]): string {
  const hash = createHash('sha1');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('base64');
}
