import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../kernel/errors';
import { ChannelStore, type DataFolder, type EarlierFile, NewerSchemaError } from '../storage';
import { MAX_CHANNELS, type Channel } from './channel';
import { ChannelListFault, readChannelList } from './channel-list';

/** The file in which earlier releases kept the channels of the API. */
const EARLIER_FILE = 'channels.json';
/** Large enough for the maximum number of channels with the most sources and the longest names. */
export const MAX_FILE_BYTES = 128 * 1024 * 1024;

/** Where a channel comes from: the operator's file, which only the operator changes, or the API. */
export type ChannelOrigin = 'file' | 'api';

export interface ListedChannel extends Channel {
  readonly origin: ChannelOrigin;
}

/** A file of channels cannot be used. The message is a line for the operator. */
export class ChannelFileError extends Error {
  constructor(path: string, reason: string) {
    super(`the channels in ${path} cannot be used: ${reason}`);
    this.name = 'ChannelFileError';
  }
}

/**
 * All channels by their id: those of the operator's file, which is read once at start, and those created by API,
 * which are kept in the database. If both have the same id, the operator's channel takes effect.
 */
export class ChannelDirectory {
  private readonly changeListeners: ((channelId: string) => void)[] = [];
  /** Serialises changes; each is on the disk before it takes effect. */
  private changing: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly store: ChannelStore,
    private readonly ofFile: ReadonlyMap<string, Channel>,
    private ofApi: ReadonlyMap<string, Channel>,
  ) {}

  /** @throws ChannelFileError */
  static async open(channelsFile: string | null, folder: DataFolder): Promise<ChannelDirectory> {
    const ofFile = channelsFile === null ? [] : await readOperatorFile(channelsFile);
    const store = new ChannelStore(folder);
    const earlier = await readEarlierList(folder);
    const ofApi = await store.open(earlier);
    return new ChannelDirectory(store, byId(ofFile), byId(ofApi));
  }

  get(id: string): ListedChannel | null {
    const ofFile = this.ofFile.get(id);
    if (ofFile !== undefined) return { ...ofFile, origin: 'file' };
    const ofApi = this.ofApi.get(id);
    return ofApi === undefined ? null : { ...ofApi, origin: 'api' };
  }

  /** All channels, sorted by id. */
  list(): ListedChannel[] {
    const ids = [...new Set([...this.ofFile.keys(), ...this.ofApi.keys()])].sort();
    return ids.map((id) => this.get(id)).filter((channel) => channel !== null);
  }

  /**
   * Creates or replaces a channel. Resolves when the channel is on disk; true if it is new.
   *
   * @throws AppError `conflict` for a channel of the operator's file, or if there are too many; `storage_full` or
   *   `storage_failed` if it cannot be written, in which case nothing has changed
   */
  put(channel: Channel): Promise<boolean> {
    return this.change(channel.id, () => {
      const isNew = !this.ofApi.has(channel.id);
      if (isNew && this.ofApi.size >= MAX_CHANNELS) {
        throw new AppError(
          'conflict',
          `There are already ${MAX_CHANNELS} channels, which is the limit.`,
        );
      }
      return [new Map(this.ofApi).set(channel.id, channel), isNew];
    });
  }

  /** Resolves when the channel is removed from disk; false if there was none. @throws like `put` */
  remove(id: string): Promise<boolean> {
    return this.change(id, () => {
      const rest = new Map(this.ofApi);
      return [rest, rest.delete(id)];
    });
  }

  onChange(listener: (channelId: string) => void): void {
    this.changeListeners.push(listener);
  }

  private change(
    id: string,
    make: () => [next: ReadonlyMap<string, Channel>, answer: boolean],
  ): Promise<boolean> {
    const changed = this.changing.then(async () => {
      if (this.ofFile.has(id)) {
        throw new AppError('conflict', `The channel "${id}" is in CHANNELS_FILE; change it there.`);
      }
      const [next, answer] = make();
      const channel = next.get(id);
      if (channel !== undefined) await this.store.put(channel);
      else if (answer) await this.store.remove(id);
      this.ofApi = next;
      for (const listener of this.changeListeners) listener(id);
      return answer;
    });
    this.changing = changed.catch(() => undefined);
    return changed;
  }
}

function byId(channels: readonly Channel[]): Map<string, Channel> {
  return new Map(channels.map((channel) => [channel.id, channel]));
}

/** @throws ChannelFileError */
async function readEarlierList(folder: DataFolder): Promise<EarlierFile<Channel[]>> {
  try {
    return await folder.earlierFile({
      name: EARLIER_FILE,
      parse: parseEarlierList,
      ifLost: 'there is no usable copy, starting without its channels',
      maxBytes: MAX_FILE_BYTES,
    });
  } catch (error) {
    throw new ChannelFileError(folder.pathOf(EARLIER_FILE), (error as Error).message);
  }
}

/** @throws NewerSchemaError; ChannelListFault for text that is damaged */
function parseEarlierList(text: string): Channel[] {
  try {
    return readChannelList(text);
  } catch (error) {
    if (!(error instanceof ChannelListFault && error.isOfNewerRelease)) throw error;
    throw new NewerSchemaError(error.message);
  }
}

async function readOperatorFile(path: string): Promise<Channel[]> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new ChannelListFault('it is too large');
    return readChannelList(await readFile(path, 'utf8'));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'there is no such file' : (error as Error).message;
    throw new ChannelFileError(path, reason);
  }
}
