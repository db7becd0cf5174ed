import { type FileHandle, open } from 'node:fs/promises';
import {
  type Directory,
  ID_BYTES,
  RECORD_BYTES,
  TRAILER_BYTES,
  VERSION,
} from './guide-file-format';

/** The channels of a large guide need 1 MB. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
/** A programme has at most 256 Ki characters. */
const MAX_PROGRAMME_BYTES = 1024 * 1024;

export interface IndexedProgramme {
  readonly startS: number;
  readonly stopS: number;
  /** Position of the element in the file. */
  readonly offset: number;
  readonly length: number;
}

interface Trailer {
  readonly id: string;
  readonly directoryLength: number;
  /** Position after the directory. */
  readonly end: number;
}

/** What a guide file contains. The file can be replaced at any time, so `use` finds out which guide it opens. */
export class GuideFile {
  private readonly channels: ReadonlyMap<string, readonly [number, number]>;

  private constructor(
    readonly path: string,
    /** The same for the same content. */
    readonly id: string,
    private readonly directory: Directory,
  ) {
    this.channels = new Map(directory.channels.map(([id, ...records]) => [id, records]));
  }

  /** Null if there is no usable file. */
  static async read(path: string): Promise<GuideFile | null> {
    try {
      return await withFile(path, async (file) =>
        GuideFile.readFrom(file, path, await readTrailer(file)),
      );
    } catch {
      return null;
    }
  }

  /** @throws the error of the file system; RangeError or SyntaxError for a damaged file */
  private static async readFrom(
    file: FileHandle,
    path: string,
    { id, directoryLength, end }: Trailer,
  ): Promise<GuideFile> {
    if (directoryLength > MAX_DIRECTORY_BYTES) throw new RangeError('the directory is too long');
    const start = end - directoryLength;
    const directory = JSON.parse(
      (await readAt(file, start, directoryLength)).toString(),
    ) as Directory;
    const { version, programmes, indexOffset, channels } = directory;
    const isWhole =
      version === VERSION &&
      indexOffset + programmes * RECORD_BYTES === start &&
      channels.every(([, first, count]) => first >= 0 && count >= 0 && first + count <= programmes);
    if (!isWhole) throw new RangeError('the directory does not fit the file');
    return new GuideFile(path, id, directory);
  }

  has(tvgId: string): boolean {
    return this.channels.has(tvgId);
  }

  /**
   * Opens the file and calls `use` with it and with the guide in it: this one, or the one by which it was replaced.
   *
   * @throws the error of the file system; RangeError or SyntaxError for a damaged file
   */
  use<T>(use: (file: FileHandle, guide: GuideFile) => Promise<T>): Promise<T> {
    return withFile(this.path, async (file) => {
      const trailer = await readTrailer(file);
      const isThis = trailer.id === this.id;
      return use(file, isThis ? this : await GuideFile.readFrom(file, this.path, trailer));
    });
  }

  /**
   * The programmes of a channel, sorted by start.
   *
   * @param file the one that `use` has opened
   * @throws the error of the file system; RangeError for a damaged file
   */
  async programmes(file: FileHandle, tvgId: string): Promise<IndexedProgramme[]> {
    const [first, count] = this.channels.get(tvgId) ?? [0, 0];
    const { indexOffset } = this.directory;
    const records = await readAt(file, indexOffset + first * RECORD_BYTES, count * RECORD_BYTES);
    return Array.from({ length: count }, (_, i) => {
      const offset = records.readUInt32LE(i * RECORD_BYTES + 8);
      const length = records.readUInt32LE(i * RECORD_BYTES + 12);
      // Otherwise a damaged record could ask for gigabytes of memory.
      if (length > MAX_PROGRAMME_BYTES || offset + length > indexOffset) {
        throw new RangeError('the index does not fit the file');
      }
      return {
        startS: records.readUInt32LE(i * RECORD_BYTES),
        stopS: records.readUInt32LE(i * RECORD_BYTES + 4),
        offset,
        length,
      };
    });
  }
}

async function readTrailer(file: FileHandle): Promise<Trailer> {
  const { size } = await file.stat();
  const end = size - TRAILER_BYTES;
  const trailer = await readAt(file, end, TRAILER_BYTES);
  return {
    id: trailer.toString('latin1', 0, ID_BYTES),
    directoryLength: trailer.readUInt32LE(ID_BYTES),
    end,
  };
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** @throws RangeError if the file is shorter */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) throw new RangeError('the file is too short');
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new RangeError('the file ends too early');
    at += bytesRead;
  }
  return bytes;
}
