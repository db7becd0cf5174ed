import { randomBytes } from 'node:crypto';
import { rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AppError } from '../kernel/errors';
import { SerialQueue } from '../kernel/serial-queue';
import { DataFolder, GuideSourceStore, makeFolder } from '../storage';
import { GuideFile } from './guide-file';
import { type GuideSource, type GuideState, MAX_SOURCES, NO_STATE } from './guide-source';

const FOLDER = 'guide';

interface Entry {
  readonly source: GuideSource;
  readonly state: GuideState;
  /** The last good guide; null before the first one. */
  readonly file: GuideFile | null;
}

/** The sources of the guide, with the last good guide of each. Those created earlier come first. */
@Injectable()
export class GuideSources implements OnModuleInit, OnModuleDestroy {
  /** The folder of all files of the guide. */
  readonly folder: string;
  private readonly store: GuideSourceStore;
  private readonly entries = new Map<string, Entry>();
  /** Each change is on the disk before it takes effect. */
  private readonly changes = new SerialQueue();
  private readonly listeners: (() => void)[] = [];

  constructor(dataFolder: DataFolder) {
    this.folder = dataFolder.pathOf(FOLDER);
    this.store = new GuideSourceStore(dataFolder);
  }

  async onModuleInit(): Promise<void> {
    for (const { state, ...source } of await this.store.list()) {
      const file = await GuideFile.read(this.pathOf(source.id));
      const known = { ...NO_STATE, ...(state as GuideState | null) };
      // A backup has no files: the guide must be fetched again, even if it has not changed.
      const present = file === null ? { ...NO_STATE, fault: known.fault } : known;
      this.entries.set(source.id, { source, state: present, file });
    }
  }

  list(): GuideSource[] {
    return [...this.entries.values()].map(({ source }) => source);
  }

  /** @throws AppError `not_found` */
  get(id: string): GuideSource {
    return this.entryOf(id).source;
  }

  /** @throws AppError `not_found` */
  stateOf(id: string): GuideState {
    return this.entryOf(id).state;
  }

  /** True if a source is enabled. Otherwise playlists contain no address of a guide. */
  get hasEnabled(): boolean {
    return this.list().some(({ isEnabled }) => isEnabled);
  }

  /** The guides of the enabled sources. If several have programmes of a channel, the first one provides them. */
  files(): GuideFile[] {
    return [...this.entries.values()]
      .filter(({ source }) => source.isEnabled)
      .flatMap(({ file }) => file ?? []);
  }

  /** Calls `listener` after each change of a source, and of the guide of one. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Resolves when the source is on disk. @throws AppError `conflict`, `storage_full`, `storage_failed` */
  create(source: Omit<GuideSource, 'id'>): Promise<GuideSource> {
    return this.changes.run(async () => {
      if (this.entries.size >= MAX_SOURCES) {
        throw new AppError(
          'conflict',
          `There are already ${MAX_SOURCES} sources, which is the limit.`,
        );
      }
      const created = { ...source, id: randomBytes(6).toString('hex') };
      await this.store.put({ ...created, state: null });
      this.entries.set(created.id, { source: created, state: NO_STATE, file: null });
      this.changed();
      return created;
    });
  }

  /** Resolves when the change is on disk. @throws AppError `not_found`, `storage_full`, `storage_failed` */
  update(id: string, changes: Partial<Omit<GuideSource, 'id'>>): Promise<GuideSource> {
    return this.changes.run(async () => {
      const before = this.entryOf(id).source;
      const source = { ...before, ...changes };
      await this.store.put({ ...source, state: null });
      const { state, file } = this.entryOf(id);
      this.entries.set(id, { source, state, file });
      // The version belongs to the guide at the earlier address, so the next request must not send it.
      if (source.url !== before.url) this.setState(id, { ...state, wanted: '' });
      this.changed();
      return source;
    });
  }

  /** Resolves when the source is removed from disk. @throws AppError `not_found`, `storage_full`, `storage_failed` */
  remove(id: string): Promise<void> {
    return this.changes.run(async () => {
      this.entryOf(id);
      await this.store.remove(id);
      this.entries.delete(id);
      await unlink(this.pathOf(id)).catch(() => undefined);
      this.changed();
    });
  }

  /** Path at which the next guide of a source can be written. There is no such file. @throws the error of the file system */
  async draftPath(id: string): Promise<string> {
    await makeFolder(this.folder);
    return `${this.pathOf(id)}.${randomBytes(6).toString('hex')}.tmp`;
  }

  /**
   * Replaces the guide of a source by the one in `draft`. False if the source was changed or removed since, in which case
   * nothing happens.
   *
   * @throws the error of the file system
   */
  replaceGuide(source: GuideSource, draft: string, state: GuideState): Promise<boolean> {
    return this.changes.run(async () => {
      const { id } = source;
      if (this.entries.get(id)?.source !== source) return false;
      const path = this.pathOf(id);
      await rename(draft, path);
      this.entries.set(id, { source, state, file: await GuideFile.read(path) });
      this.setState(id, state);
      this.changed();
      return true;
    });
  }

  /** Resolves when all changes until now are made. */
  settled(): Promise<void> {
    return this.changes.settled();
  }

  /** Stores the result of a refresh. Does nothing for a source that was removed. */
  setState(id: string, state: GuideState): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.entries.set(id, { ...entry, state });
    this.store.setState(id, state);
  }

  onModuleDestroy(): Promise<void> {
    return this.store.close();
  }

  private pathOf(id: string): string {
    return join(this.folder, `${id}.guide`);
  }

  /** @throws AppError `not_found` */
  private entryOf(id: string): Entry {
    const entry = this.entries.get(id);
    if (entry === undefined) throw new AppError('not_found', 'There is no such guide source.');
    return entry;
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
