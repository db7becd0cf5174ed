import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, temporaryFolder } from './programs';
import { decodeTimeOf, isDiscontinuity, PACKET_BYTES, pidOf } from './ts-packet';
import { eventually } from './wait';

const DECODED_WITHIN_MS = 90_000;

/**
 * The recording from the first discontinuity flag on, which a player that starts again there would get. Empty if
 * there is no flag.
 */
export function fromFirstFlag(body: Buffer): Buffer {
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    if (isDiscontinuity(body, at)) return body.subarray(at);
  }
  return Buffer.alloc(0);
}

/** Without the last, incomplete unit of each stream, because half a picture is not a fault. */
export function wholeUnits(body: Buffer): Buffer {
  const lastStart = new Map<number, number>();
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    if (decodeTimeOf(body, at) !== null) lastStart.set(pidOf(body, at), at);
  }
  const packets: Buffer[] = [];
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    const isOfLast = at >= (lastStart.get(pidOf(body, at)) ?? Infinity);
    if (!isOfLast) packets.push(body.subarray(at, at + PACKET_BYTES));
  }
  return Buffer.concat(packets);
}

export interface Decoded {
  /** All complaints of ffmpeg, including broken bitstreams, wrong checksums and wrong times. */
  readonly complaints: readonly string[];
  readonly pictures: number;
}

/** Decodes all pictures and sound of a recording. @throws if ffmpeg cannot, or takes too long */
export async function decode(body: Buffer): Promise<Decoded> {
  const file = join(temporaryFolder(), 'recording.ts');
  writeFileSync(file, wholeUnits(body));
  const player = runProgram(
    'ffmpeg',
    ...['-hide_banner', '-nostdin', '-v', 'warning', '-err_detect', 'crccheck+bitstream+buffer'],
    ...['-threads', '1', '-progress', 'pipe:1', '-i', file],
    ...['-map', '0:v?', '-map', '0:a', '-f', 'null', '-'],
  );
  await eventually(() => player.ended !== null, DECODED_WITHIN_MS, 'the end of ffmpeg');
  if (player.ended!.code !== 0) throw new Error(`ffmpeg failed:\n${player.tail()}`);
  // The simulator's markers are announced as private data without times.
  const isProgress = (line: string): boolean =>
    /^\w+=|time for stream \d is not set/.test(line) || line.trim() === '';
  const pictures = player.lines.flatMap((line) => /^frame=\s*(\d+)/.exec(line)?.[1] ?? []);
  return {
    complaints: player.lines.filter((line) => !isProgress(line)),
    pictures: Number(pictures.at(-1) ?? 0),
  };
}
