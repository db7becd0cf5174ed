import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../kernel/errors';
import { ChannelStore, type DataFolder, type EarlierFile, NewerSchemaError } from '../storage';
import { MAX_CHANNELS, type Channel, type ChannelDescription } from './channel';
import { ChannelListFault, readChannelList } from './channel-list';
import { ChannelNumbers } from './channel-numbers';

/** The file in which earlier releases kept the channels of the API. */
const EARLIER_FILE = 'channels.json';
/** Large enough for the maximum number of channels with the most sources and the longest texts. */
export const MAX_FILE_BYTES = 160 * 1024 * 1024;

/** Where a channel comes from: the operator's file, which only the operator changes, or the API. */
export type ChannelOrigin = 'file' | 'api';

export interface ListedChannel extends Channel {
  readonly origin: ChannelOrigin;
  /** By which players list and select the channel. No other channel has it. */
  readonly number: number;
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

  /** Null until it is needed after a change, because sorting 10,000 channels takes some 20 ms. */
  private visible: readonly ListedChannel[] | null = null;

  private constructor(
    private readonly store: ChannelStore,
    private readonly ofFile: ReadonlyMap<string, Channel>,
    private readonly ofApi: Map<string, Channel>,
    private readonly numbers: ChannelNumbers,
  ) {}

  /** @throws ChannelFileError */
  static async open(channelsFile: string | null, folder: DataFolder): Promise<ChannelDirectory> {
    const ofFile = channelsFile === null ? [] : await readOperatorFile(channelsFile);
    const store = new ChannelStore(folder);
    const earlier = await readEarlierList(folder);
    const stored = await store.open(earlier);
    const numbers = new ChannelNumbers(stored.numbers);
    if (numberChannels(numbers, ofFile, stored.channels)) await store.setNumbers(numbers.all);
    const channelsOfFile = ofFile.map(({ channel }) => channel);
    return new ChannelDirectory(store, byId(channelsOfFile), byId(stored.channels), numbers);
  }

  get(id: string): ListedChannel | null {
    const ofFile = this.ofFile.get(id);
    const channel = ofFile ?? this.ofApi.get(id);
    const number = this.numbers.of(id);
    if (channel === undefined || number === null) return null;
    return { ...channel, number, origin: ofFile === undefined ? 'api' : 'file' };
  }

  /** The channel that has this number. */
  withNumber(number: number): ListedChannel | null {
    const id = this.numbers.ownerOf(number);
    return id === null ? null : this.get(id);
  }

  /** All channels, sorted by id. */
  list(): ListedChannel[] {
    return this.present().sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The channels that playlists and line-ups contain, sorted by number. */
  listVisible(): readonly ListedChannel[] {
    return (this.visible ??= this.present()
      .filter(({ isHidden }) => !isHidden)
      .sort((a, b) => a.number - b.number));
  }

  /**
   * Creates or replaces a channel. Resolves when the channel is on disk; true if it is new.
   *
   * @param number null: the channel keeps its present number, or gets a new one
   * @throws AppError `conflict` for a channel of the operator's file, for the number of another channel, or if there
   *   are too many; `storage_full` or `storage_failed` if it cannot be written, in which case nothing has changed
   */
  put(channel: Channel, number: number | null = null): Promise<boolean> {
    const { id } = channel;
    return this.change(id, async () => {
      const isNew = !this.ofApi.has(id);
      if (isNew && this.ofApi.size >= MAX_CHANNELS) {
        throw new AppError(
          'conflict',
          `There are already ${MAX_CHANNELS} channels, which is the limit.`,
        );
      }
      if (number !== null) this.checkFree(number, id);
      const given = number ?? this.numbers.of(id) ?? this.numbers.next((one) => this.has(one));
      await this.store.put(channel, given);
      this.ofApi.set(id, channel);
      this.numbers.give(id, given);
      return isNew;
    });
  }

  /** Resolves when the channel is removed from disk; false if there was none. @throws like `put` */
  remove(id: string): Promise<boolean> {
    return this.change(id, async () => {
      if (!this.ofApi.has(id)) return false;
      await this.store.remove(id);
      return this.ofApi.delete(id);
    });
  }

  onChange(listener: (channelId: string) => void): void {
    this.changeListeners.push(listener);
  }

  private present(): ListedChannel[] {
    const ids = new Set([...this.ofFile.keys(), ...this.ofApi.keys()]);
    return Array.from(ids, (id) => this.get(id)).filter((channel) => channel !== null);
  }

  private has(id: string): boolean {
    return this.ofFile.has(id) || this.ofApi.has(id);
  }

  private checkFree(number: number, id: string): void {
    const owner = this.numbers.ownerOf(number);
    if (owner === null || owner === id) return;
    const whose = this.has(owner)
      ? `The channel "${owner}" has the number ${number}.`
      : `The number ${number} is kept for the removed channel "${owner}".`;
    throw new AppError('conflict', whose);
  }

  private change(id: string, apply: () => Promise<boolean>): Promise<boolean> {
    const changed = this.changing.then(async () => {
      if (this.ofFile.has(id)) {
        throw new AppError('conflict', `The channel "${id}" is in CHANNELS_FILE; change it there.`);
      }
      const answer = await apply();
      this.visible = null;
      for (const listener of this.changeListeners) listener(id);
      return answer;
    });
    this.changing = changed.catch(() => undefined);
    return changed;
  }
}

/**
 * Gives a number to each channel that has none, and to those of the operator's file the numbers of the file. Returns
 * whether a number has changed.
 */
function numberChannels(
  numbers: ChannelNumbers,
  ofFile: readonly ChannelDescription[],
  ofApi: readonly Channel[],
): boolean {
  const channels = [...ofFile.map(({ channel }) => channel), ...ofApi];
  const present = new Set(channels.map(({ id }) => id));
  let hasChanged = false;
  const give = (id: string, number: number): void => {
    numbers.give(id, number);
    hasChanged = true;
  };
  for (const { channel, number } of ofFile) {
    if (number !== null && numbers.of(channel.id) !== number) give(channel.id, number);
  }
  for (const { id } of channels) {
    if (numbers.of(id) === null)
      give(
        id,
        numbers.next((one) => present.has(one)),
      );
  }
  return hasChanged;
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
    return readChannelList(text).map(({ channel }) => channel);
  } catch (error) {
    if (!(error instanceof ChannelListFault && error.isOfNewerRelease)) throw error;
    throw new NewerSchemaError(error.message);
  }
}

async function readOperatorFile(path: string): Promise<ChannelDescription[]> {
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
