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
  /** Hash of its bytes, without the header, which contains its times. */
  readonly print: string;
  /** 90 kHz. */
  readonly pts: number;
}

/** Complete access units of one PID in order: all but the last one. */
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
      // The header of a PES packet has 9 bytes plus the number of bytes in its ninth byte.
      from += 9 + body.readUInt8(from + 8);
    }
    pieces.push(body.subarray(from, at + PACKET_BYTES));
  }
  return units;
}

/**
 * Differences between the times of access units and the times of the same units in `reference`, modulo `wrap`; each
 * difference once. Units that occur more than once in the reference are ignored.
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
