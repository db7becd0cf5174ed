import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { GuideFault } from './guide-fault';
import { type Directory, RECORD_BYTES, TRAILER_BYTES, VERSION } from './guide-file-format';

const WRITE_BYTES = 256 * 1024;
const MAX_BYTES = 2 ** 30;
const MAX_PROGRAMMES = 4_000_000;
/** Duration of the last programme of a channel if the guide does not say when it ends. */
const UNKNOWN_DURATION_S = 3600;

const OWNER_ONLY = 0o600;

export interface WrittenGuide {
  /** The same for the same content. */
  readonly id: string;
  readonly channels: number;
  readonly programmes: number;
}

/**
 * Writes a guide file: the programmes in the order of the guide, then an index by channel and time. All methods block, so
 * they run in a thread of their own.
 */
export class GuideFileWriter {
  private readonly file: number;
  private readonly hash = createHash('sha256');
  private parts: string[] = [];
  private partsLength = 0;
  private position = 0;
  private readonly channels = new Map<string, number>();
  private readonly names: string[] = [];
  private count = 0;
  /** Channel, start, stop (0: unknown), offset and length of each programme. */
  private records = new Uint32Array(5 * 4096);

  /** @throws the error of the file system */
  constructor(private readonly path: string) {
    this.file = openSync(path, 'wx', OWNER_ONLY);
  }

  /** @throws GuideFault `guide_too_large`; the error of the file system */
  add(tvgId: string, startS: number, stopS: number | null, xml: string): void {
    const length = Buffer.byteLength(xml);
    if (this.position + length > MAX_BYTES || this.count === MAX_PROGRAMMES) {
      throw new GuideFault('guide_too_large', 'the guide has too many programmes');
    }
    let channel = this.channels.get(tvgId);
    if (channel === undefined) {
      channel = this.names.push(tvgId) - 1;
      this.channels.set(tvgId, channel);
    }
    if (this.records.length < 5 * (this.count + 1)) {
      const larger = new Uint32Array(Math.ceil(this.records.length * 1.5));
      larger.set(this.records);
      this.records = larger;
    }
    this.records.set([channel, startS, stopS ?? 0, this.position, length], 5 * this.count);
    this.count += 1;
    this.position += length;
    this.parts.push(xml);
    this.partsLength += length;
    if (this.partsLength >= WRITE_BYTES) this.flush();
  }

  /** Writes the index; the file is complete and on the disk. @throws the error of the file system */
  finish(): WrittenGuide {
    this.flush();
    const { records, names } = this;
    const order = new Uint32Array(this.count).map((_, i) => i);
    const value = (programme: number, field: number): number => records[5 * programme + field] ?? 0;
    order.sort((a, b) => value(a, 0) - value(b, 0) || value(a, 1) - value(b, 1) || a - b);
    const directory: [string, number, number][] = [];
    const index = Buffer.alloc(RECORD_BYTES * 4096);
    order.forEach((programme, at) => {
      const channel = value(programme, 0);
      const last = directory.at(-1);
      if (last !== undefined && last[0] === names[channel]) last[2] += 1;
      else directory.push([names[channel] ?? '', at, 1]);
      const start = value(programme, 1);
      const next = order[at + 1];
      const follows = next !== undefined && value(next, 0) === channel ? value(next, 1) : null;
      const stop = value(programme, 2) || (follows ?? start + UNKNOWN_DURATION_S);
      const slot = (at % 4096) * RECORD_BYTES;
      index.writeUInt32LE(start, slot);
      index.writeUInt32LE(Math.max(start, stop), slot + 4);
      index.writeUInt32LE(value(programme, 3), slot + 8);
      index.writeUInt32LE(value(programme, 4), slot + 12);
      const isLast = at === order.length - 1;
      if (isLast || slot === index.length - RECORD_BYTES)
        this.write(index.subarray(0, slot + RECORD_BYTES));
    });
    const id = this.hash.copy().digest('hex').slice(0, 24);
    const content: Directory = {
      ...{ version: VERSION, id, programmes: this.count },
      indexOffset: this.position,
      channels: directory,
    };
    const text = Buffer.from(JSON.stringify(content));
    this.write(text);
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(text.length);
    this.write(trailer);
    fsyncSync(this.file);
    closeSync(this.file);
    return { id, channels: directory.length, programmes: this.count };
  }

  /** Removes the file. */
  discard(): void {
    for (const end of [() => closeSync(this.file), () => unlinkSync(this.path)]) {
      try {
        end();
      } catch {
        // It is closed or removed already.
      }
    }
  }

  private flush(): void {
    this.write(Buffer.from(this.parts.join('')));
    this.parts = [];
    this.partsLength = 0;
  }

  private write(bytes: Buffer): void {
    this.hash.update(bytes);
    for (let at = 0; at < bytes.length;) at += writeSync(this.file, bytes, at);
  }
}
