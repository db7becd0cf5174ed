import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../kernel/errors';
import { SerialQueue } from '../kernel/serial-queue';
import { Turns } from '../kernel/turns';
import { ChannelStore, type DataFolder, type EarlierFile, NewerSchemaError } from '../storage';
import {
  IMPORTED_FIELDS,
  MAX_CHANNELS,
  RESERVED_IDS,
  type Channel,
  type ChannelDescription,
  type ImportedField,
} from './channel';
import {
  changedChannel,
  replacedChannel,
  type ChannelEdit,
  type EditedChannel,
} from './channel-edits';
import { ChannelListFault, readChannelList } from './channel-list';
import { ChannelNumbers } from './channel-numbers';
import {
  planImport,
  planRemoval,
  type ChannelChange,
  type ChannelState,
} from './import/import-plan';
import type { ListChannel } from './import/list-channels';
import { type ImportState, Listings, missingSinceMs, NOTHING_EDITED } from './import/listings';

/** The file in which earlier releases kept the channels of the API. */
const EARLIER_FILE = 'channels.json';
/** Large enough for the maximum number of channels with the most sources and the longest texts. */
export const MAX_FILE_BYTES = 160 * 1024 * 1024;

/** Where a channel comes from: the operator's file, which only the operator changes, the API, or an imported list. */
export type ChannelOrigin = 'file' | 'api' | 'import';

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
 * All channels by their id: those of the operator's file, which is read once at start, and those created by API or from
 * imported lists, which are kept in the database. If both have the same id, the operator's channel takes effect.
 */
export class ChannelDirectory {
  private readonly changeListeners: ((channelId: string) => void)[] = [];
  /** Each change is on the disk before it takes effect. */
  private readonly changes = new SerialQueue();

  private readonly ofFile = new Map<string, ListedChannel>();
  private readonly ofApi = new Map<string, ListedChannel>();
  /** Null until it is needed after a change. */
  private visible: readonly ListedChannel[] | null = null;

  private constructor(
    private readonly store: ChannelStore,
    ofFile: readonly Channel[],
    ofApi: readonly Channel[],
    private numbers: ChannelNumbers,
    private readonly listings: Listings,
    /** The fields that an administrator has changed, of channels of imported lists. */
    private readonly edited: Map<string, ReadonlySet<ImportedField>>,
  ) {
    for (const channel of ofFile) this.ofFile.set(channel.id, this.listed(channel, 'file'));
    for (const channel of ofApi) this.keep(channel);
  }

  /** @throws ChannelFileError */
  static async open(channelsFile: string | null, folder: DataFolder): Promise<ChannelDirectory> {
    const ofFile = channelsFile === null ? [] : await readOperatorFile(channelsFile);
    const store = new ChannelStore(folder);
    const earlier = await readEarlierList(folder);
    const stored = await store.open(earlier);
    const numbers = new ChannelNumbers(stored.numbers);
    if (numberChannels(numbers, ofFile, stored.channels)) await store.setNumbers(numbers.all);
    const channelsOfFile = ofFile.map(({ channel }) => channel);
    return new ChannelDirectory(
      store,
      channelsOfFile,
      stored.channels,
      numbers,
      new Listings(stored.listings),
      new Map([...stored.edited].map(([id, fields]) => [id, new Set(fields.filter(isImported))])),
    );
  }

  get(id: string): ListedChannel | null {
    return this.ofFile.get(id) ?? this.ofApi.get(id) ?? null;
  }

  /** Null if the channel comes from no imported list. */
  importState(id: string): ImportState | null {
    const listings = this.ofFile.has(id) ? [] : this.listings.of(id);
    if (listings.length === 0) return null;
    return {
      imports: listings.map(({ importId }) => importId),
      edited: [...(this.edited.get(id) ?? [])],
      missingSinceMs: missingSinceMs(listings),
    };
  }

  /** How many channels an import lists, and how many it has listed before. */
  countOf(importId: string): { readonly listed: number; readonly missing: number } {
    let [listed, missing] = [0, 0];
    for (const listing of this.listings) {
      if (listing.importId !== importId) continue;
      if (listing.missingSinceMs === null) listed += 1;
      else missing += 1;
    }
    return { listed, missing };
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
   * Creates or replaces a channel. Resolves when the channel is on disk; true if it is new. If an imported
   * list has the channel, fields that get another value count as edited, so that later imports do not change them, and
   * fields without a value follow the list.
   *
   * @param number null: the channel keeps its present number, or gets a new one
   * @throws AppError `conflict` for a channel of the operator's file, for the number of another channel, or if there
   *   are too many; `storage_full` or `storage_failed` if it cannot be written, in which case nothing has changed
   */
  put(channel: Channel, number: number | null = null): Promise<boolean> {
    const { id } = channel;
    return this.change(id, async () => {
      const former = this.ofApi.get(id);
      const isNew = former === undefined;
      if (RESERVED_IDS.has(id)) {
        throw new AppError('invalid_request', `id must not be "${id}", which is another address.`);
      }
      if (isNew && this.ofApi.size >= MAX_CHANNELS) {
        throw new AppError(
          'conflict',
          `There are already ${MAX_CHANNELS} channels, which is the limit.`,
        );
      }
      const listings = this.listings.of(id);
      const edit = replacedChannel(former ?? channel, channel, listings, this.editedOf(id));
      await this.write(edit, number);
      return isNew;
    });
  }

  /**
   * Changes some fields of a channel. Those of a channel of an imported list count as edited; null makes a field follow
   * the lists again. Resolves when the change is on disk; false if there is no such channel.
   *
   * @throws like `put`
   */
  edit(id: string, changes: ChannelEdit, number: number | null = null): Promise<boolean> {
    return this.change(id, async () => {
      const channel = this.ofApi.get(id);
      if (channel === undefined) return false;
      const listings = this.listings.of(id);
      await this.write(changedChannel(channel, changes, listings, this.editedOf(id)), number);
      return true;
    });
  }

  /**
   * Makes the channels agree with the list of an import, in one transaction. Resolves with the changes when they are on
   * disk; with `isDryRun`, nothing is changed.
   *
   * @throws AppError `unusable_list` if there would be too many channels; like `put`
   */
  importList(
    importId: string,
    list: readonly ListChannel[],
    { isDryRun = false }: { readonly isDryRun?: boolean } = {},
  ): Promise<readonly ChannelChange[]> {
    return this.changes.run(async () => {
      const state = this.state();
      const plan = await planImport(importId, list, state, Date.now());
      if (isDryRun || plan.listings.length === 0) return plan.changes;
      await this.store.apply(plan);
      this.numbers = state.numbers;
      for (const listing of plan.listings) this.listings.put(listing);
      for (const channel of plan.put) this.keep(channel);
      await this.changed(plan.put.map(({ id }) => id));
      return plan.changes;
    });
  }

  /**
   * Removes an import, and the channels that no other import lists. Their numbers are kept.
   *
   * @throws like `put`
   */
  removeImport(importId: string): Promise<void> {
    return this.changes.run(async () => {
      const { put, removed } = await planRemoval(importId, this.state());
      await this.store.apply({ put, removed, removedImport: importId });
      this.listings.removeImport(importId);
      for (const channel of put) this.keep(channel);
      for (const id of removed) this.forget(id);
      await this.changed([...put.map(({ id }) => id), ...removed]);
    });
  }

  /** Resolves when the channel is removed from disk; false if there was none. @throws like `put` */
  remove(id: string): Promise<boolean> {
    return this.change(id, async () => {
      if (!this.ofApi.has(id)) return false;
      await this.store.remove(id);
      this.forget(id);
      return true;
    });
  }

  onChange(listener: (channelId: string) => void): void {
    this.changeListeners.push(listener);
  }

  private present(): ListedChannel[] {
    const ofApi = [...this.ofApi.values()].filter(({ id }) => !this.ofFile.has(id));
    return [...this.ofFile.values(), ...ofApi];
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
    return this.changes.run(async () => {
      if (this.ofFile.has(id)) {
        throw new AppError('conflict', `The channel "${id}" is in CHANNELS_FILE; change it there.`);
      }
      const answer = await apply();
      await this.changed([id]);
      return answer;
    });
  }

  private async changed(ids: readonly string[]): Promise<void> {
    this.visible = null;
    // A listener may have work for each id.
    const turns = new Turns();
    for (const id of ids) {
      if (turns.isOver) await turns.next();
      for (const listener of this.changeListeners) listener(id);
    }
  }

  private async write({ channel, edited }: EditedChannel, number: number | null): Promise<void> {
    const { id } = channel;
    if (number !== null) this.checkFree(number, id);
    const given = number ?? this.numbers.of(id) ?? this.numbers.next((one) => this.has(one));
    await this.store.put(channel, given, [...edited]);
    this.numbers.give(id, given);
    this.keep(channel);
    if (edited.size > 0) this.edited.set(id, edited);
    else this.edited.delete(id);
  }

  /** Call when the number and the listings of the channel are those that it has from now on. */
  private keep(channel: Channel): void {
    const isListed = this.listings.of(channel.id).length > 0;
    this.ofApi.set(channel.id, this.listed(channel, isListed ? 'import' : 'api'));
  }

  /** Names each field, because an object that is spread from others takes twice the memory and 3 µs. */
  private listed(channel: Channel, origin: ChannelOrigin): ListedChannel {
    const { id, name, group, logo, tvgId, isHidden, sources } = channel;
    const number = this.numbers.of(id);
    if (number === null) throw new Error(`the channel "${id}" has no number`);
    return { id, name, group, logo, tvgId, isHidden, sources, number, origin };
  }

  private forget(id: string): void {
    this.ofApi.delete(id);
    this.listings.removeChannel(id);
    this.edited.delete(id);
  }

  private editedOf(id: string): ReadonlySet<ImportedField> {
    return this.edited.get(id) ?? NOTHING_EDITED;
  }

  private state(): ChannelState {
    return {
      channels: this.ofApi,
      listings: this.listings,
      edited: this.edited,
      numbers: new ChannelNumbers(this.numbers.all),
      has: (id) => this.has(id),
    };
  }
}

function isImported(field: string): field is ImportedField {
  return (IMPORTED_FIELDS as readonly string[]).includes(field);
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
