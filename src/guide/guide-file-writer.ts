import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { ChannelRecords } from './channel-records';
import { GuideFault } from './guide-fault';
import { type Directory, ID_BYTES, TRAILER_BYTES, VERSION } from './guide-file-format';

const WRITE_BYTES = 256 * 1024;
const MAX_BYTES = 2 ** 30;
const MAX_PROGRAMMES = 4_000_000;
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
  private readonly channels = new Map<string, ChannelRecords>();
  private count = 0;

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
    let records = this.channels.get(tvgId);
    if (records === undefined) this.channels.set(tvgId, (records = new ChannelRecords()));
    records.add(startS, stopS, this.position, length);
    this.count += 1;
    this.position += length;
    this.parts.push(xml);
    this.partsLength += length;
    if (this.partsLength >= WRITE_BYTES) this.flush();
  }

  /** Writes the index; the file is complete and on the disk. @throws the error of the file system */
  finish(): WrittenGuide {
    this.flush();
    const directory: [string, number, number][] = [];
    let first = 0;
    for (const [tvgId, records] of this.channels) {
      this.write(records.toBuffer());
      directory.push([tvgId, first, records.count]);
      first += records.count;
    }
    const id = this.hash.copy().digest('hex').slice(0, ID_BYTES);
    const content: Directory = {
      ...{ version: VERSION, programmes: this.count },
      indexOffset: this.position,
      channels: directory,
    };
    const text = Buffer.from(JSON.stringify(content));
    this.write(text);
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.write(id, 'latin1');
    trailer.writeUInt32LE(text.length, ID_BYTES);
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
