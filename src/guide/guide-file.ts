import { type FileHandle, open } from 'node:fs/promises';
import { type Directory, RECORD_BYTES, TRAILER_BYTES, VERSION } from './guide-file-format';

/** The channels of a large guide need 1 MB. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;

export interface IndexedProgramme {
  readonly startS: number;
  readonly stopS: number;
  /** Position of the element in the file. */
  readonly offset: number;
  readonly length: number;
}

/** Reads a guide file. Each call opens the file, so a file that is replaced meanwhile stays readable to its end. */
export class GuideFile {
  private readonly channels: ReadonlyMap<string, readonly [number, number]>;

  private constructor(
    readonly path: string,
    private readonly directory: Directory,
  ) {
    this.channels = new Map(directory.channels.map(([id, ...records]) => [id, records]));
  }

  /** Null if there is no usable file. */
  static async read(path: string): Promise<GuideFile | null> {
    try {
      return await withFile(path, async (file) => {
        const { size } = await file.stat();
        const trailer = await readAt(file, size - TRAILER_BYTES, TRAILER_BYTES);
        const length = trailer.readUInt32LE();
        if (length > MAX_DIRECTORY_BYTES) return null;
        const text = await readAt(file, size - TRAILER_BYTES - length, length);
        const directory = JSON.parse(text.toString()) as Directory;
        return directory.version === VERSION ? new GuideFile(path, directory) : null;
      });
    } catch {
      return null;
    }
  }

  get id(): string {
    return this.directory.id;
  }

  has(tvgId: string): boolean {
    return this.channels.has(tvgId);
  }

  /** The programmes of a channel, sorted by start. @throws the error of the file system */
  programmes(file: FileHandle, tvgId: string): Promise<IndexedProgramme[]> {
    const [first, count] = this.channels.get(tvgId) ?? [0, 0];
    const offset = this.directory.indexOffset + first * RECORD_BYTES;
    return readAt(file, offset, count * RECORD_BYTES).then((records) =>
      Array.from({ length: count }, (_, i) => ({
        startS: records.readUInt32LE(i * RECORD_BYTES),
        stopS: records.readUInt32LE(i * RECORD_BYTES + 4),
        offset: records.readUInt32LE(i * RECORD_BYTES + 8),
        length: records.readUInt32LE(i * RECORD_BYTES + 12),
      })),
    );
  }
}

export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** @throws RangeError if the file is shorter */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new RangeError('the file ends too early');
    at += bytesRead;
  }
  return bytes;
}
