import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { JobHandler, Jobs } from '../../coordination';
import { AppError, asAppError } from '../../kernel/errors';
import { SerialQueue } from '../../kernel/serial-queue';
import { OutboundRequests } from '../../outbound';
import { ChannelImportStore, DataFolder, type StoredImport } from '../../storage';
import { ChannelDirectory } from '../channel-directory';
import { wordOf } from './channel-ids';
import type { ChannelChange } from './import-plan';
import { groupEntries } from './list-channels';
import { MAX_LIST_BYTES } from './list-lines';
import { readM3u, type M3uList, type SkippedLine } from './m3u-list';

const MAX_IMPORTS = 50;
export const DEFAULT_REFRESH_INTERVAL_MS = 24 * 60 * 60_000;

/** How often due imports are looked for. */
const CHECK_INTERVAL_MS = 60_000;
/** A failed refresh is repeated after this time, or after the interval of the import if that is shorter. */
const RETRY_AFTER_MS = 15 * 60_000;
const FETCH_TIMEOUT_MS = 60_000;

/** What an administrator decides about an import. */
export type ImportSettings = Pick<StoredImport, 'name' | 'url' | 'refreshIntervalMs' | 'isEnabled'>;

export type ImportState = 'pending' | 'refreshing' | 'ok' | 'failed';

/** An import and its state. Times are milliseconds since 1970. */
export interface ImportView extends StoredImport {
  readonly state: ImportState;
  /** Null if it is not refreshed by itself. */
  readonly nextRefreshAtMs: number | null;
  /** Number of channels that its list has. */
  readonly channels: number;
  /** Number of channels that its list had before, but lacks now. */
  readonly missingChannels: number;
}

/** What an import has changed, or would change. */
export interface ImportResult {
  readonly isDryRun: boolean;
  /** Null for a dry run of a list that was not imported before. */
  readonly importId: string | null;
  readonly importName: string;
  /** Number of addresses of AceStream content in the list. */
  readonly entries: number;
  readonly channels: number;
  readonly skipped: readonly SkippedLine[];
  readonly changes: readonly ChannelChange[];
}

export interface ImportOptions {
  readonly isDryRun: boolean;
}

/** The lists from which channels are imported: fetched from an address again and again, or sent once. */
@Injectable()
export class ChannelImports implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('ChannelImports');
  private readonly store: ChannelImportStore;
  private readonly byId = new Map<string, StoredImport>();
  private readonly refreshing = new Map<string, Promise<ImportResult>>();
  /** Serialises changes; each is on the disk before the next begins. */
  private readonly changes = new SerialQueue();
  private readonly closing = new AbortController();

  constructor(
    folder: DataFolder,
    private readonly channels: ChannelDirectory,
    private readonly outbound: OutboundRequests,
    private readonly jobs: Jobs,
  ) {
    this.store = new ChannelImportStore(folder);
  }

  async onModuleInit(): Promise<void> {
    for (const one of await this.store.list()) this.byId.set(one.id, one);
    this.jobs.every('channel_imports.refresh', CHECK_INTERVAL_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort(new AppError('shutting_down', 'The server is shutting down.'));
    await Promise.allSettled(this.refreshing.values());
    await this.store.close();
  }

  /** All imports, the oldest first. */
  list(): ImportView[] {
    return [...this.byId.values()].map((one) => this.viewOf(one));
  }

  /** @throws AppError `not_found` */
  get(id: string): ImportView {
    return this.viewOf(this.find(id));
  }

  /**
   * Creates an import and begins to fetch its list.
   *
   * @throws AppError `conflict` if there are too many; as `Database.change`
   */
  create(settings: ImportSettings): Promise<ImportView> {
    return this.changes.run(async () => {
      const one = await this.add(settings);
      if (one.isEnabled) this.refreshSoon(one.id);
      return this.get(one.id);
    });
  }

  /** Changes an import. A new address is fetched at once. @throws AppError `not_found`; as `Database.change` */
  change(id: string, settings: Partial<ImportSettings>): Promise<ImportView> {
    return this.changes.run(async () => {
      const before = this.find(id);
      const after = { ...before, ...settings };
      await this.store.put(after);
      // A refresh may have ended meanwhile.
      this.byId.set(id, { ...this.find(id), ...settings });
      const isNewAddress = settings.url !== undefined && settings.url !== before.url;
      if (after.isEnabled && isNewAddress) this.refreshSoon(id);
      return this.get(id);
    });
  }

  /**
   * Removes an import, and the channels that no other import lists.
   *
   * @throws AppError `not_found`; as `Database.change`, in which case nothing has changed
   */
  remove(id: string): Promise<void> {
    return this.changes.run(async () => {
      const one = this.find(id);
      // From now on, a refresh that is still fetching imports nothing.
      this.byId.delete(id);
      try {
        await this.channels.removeImport(id);
      } catch (error) {
        this.byId.set(id, one);
        throw error;
      }
    });
  }

  /**
   * Fetches the list of an import and imports it. Requests at the same time share one refresh.
   *
   * @throws AppError `not_found`; `conflict` if the import has no address; `outbound_refused`, `outbound_failed` or
   *   `unusable_list`, in which case no channel has changed; as `ChannelDirectory.importList`
   */
  refresh(id: string, { isDryRun }: ImportOptions): Promise<ImportResult> {
    const one = this.find(id);
    const { url } = one;
    if (url === null) {
      throw new AppError('conflict', 'The import has no address; send its list again.');
    }
    const load = (): Promise<M3uList> => this.fetch(url);
    if (isDryRun) return this.tryOut(one.id, one.name, load);
    const running = this.refreshing.get(id);
    if (running !== undefined) return running;
    const refresh = this.importNow(id, load).finally(() => this.refreshing.delete(id));
    this.refreshing.set(id, refresh);
    return refresh;
  }

  /** Imports a list that was sent. Another list with the same name replaces it. @throws as `refresh` */
  importText(
    name: string,
    chunks: AsyncIterable<Buffer>,
    options: ImportOptions,
  ): Promise<ImportResult> {
    return this.importOnce(name, () => readM3u(chunks, 'payload_too_large'), options);
  }

  /** Imports the list at an address once. @throws as `refresh` */
  importAddress(name: string, url: string, options: ImportOptions): Promise<ImportResult> {
    return this.importOnce(name, () => this.fetch(url), options);
  }

  /** Refreshes the imports that are due, one after the other. */
  @JobHandler('channel_imports.refresh')
  async refreshDue(): Promise<void> {
    for (const { id } of [...this.byId.values()]) {
      const one = this.byId.get(id);
      const dueAtMs = one === undefined ? null : dueAt(one);
      if (dueAtMs === null || dueAtMs > Date.now() || this.closing.signal.aborted) continue;
      // The failure is in the state of the import and in the log.
      await this.refresh(id, { isDryRun: false }).catch(() => undefined);
    }
  }

  /** Waits for a refresh that is running, because it may fetch an earlier address. */
  private refreshSoon(id: string): void {
    const running = this.refreshing.get(id) ?? Promise.resolve();
    running
      .catch(() => undefined)
      .then(() => this.refresh(id, { isDryRun: false }))
      // The failure is in the state of the import and in the log.
      .catch(() => undefined);
  }

  private async importOnce(
    name: string,
    load: () => Promise<M3uList>,
    { isDryRun }: ImportOptions,
  ): Promise<ImportResult> {
    const sentBefore = (): StoredImport | undefined =>
      [...this.byId.values()].find((one) => one.url === null && one.name === name);
    if (isDryRun) return this.tryOut(sentBefore()?.id ?? null, name, load);
    // The list is loaded before the import is created, because an unusable list must not leave an import.
    const list = await load();
    mustHaveEntries(list);
    const { id } = await this.changes.run(
      async () =>
        sentBefore() ??
        this.add({
          name,
          url: null,
          refreshIntervalMs: DEFAULT_REFRESH_INTERVAL_MS,
          isEnabled: false,
        }),
    );
    return this.importNow(id, () => Promise.resolve(list));
  }

  private async tryOut(
    importId: string | null,
    importName: string,
    load: () => Promise<M3uList>,
  ): Promise<ImportResult> {
    const isDryRun = true;
    const { list, channels, skipped } = await described(load);
    const changes = await this.channels.importList(importId ?? '', channels, { isDryRun });
    const entries = list.entries.length;
    return { isDryRun, importId, importName, entries, channels: channels.length, skipped, changes };
  }

  private async importNow(id: string, load: () => Promise<M3uList>): Promise<ImportResult> {
    const triedAtMs = Date.now();
    try {
      const { list, channels, skipped } = await described(load);
      const { name } = this.find(id);
      const changes = await this.channels.importList(id, channels);
      this.note(id, { triedAtMs, refreshedAtMs: Date.now(), error: null });
      this.logger.log(`imported the list "${name}": ${summary(changes)}`);
      return {
        isDryRun: false,
        importId: id,
        importName: name,
        entries: list.entries.length,
        channels: channels.length,
        skipped,
        changes,
      };
    } catch (error) {
      const { code, detail } = asAppError(error, 'An unexpected fault; the log has the details.');
      if (!this.closing.signal.aborted) {
        this.note(id, { triedAtMs, error: { code, detail } });
        const line = `a list was not imported: ${detail} (${code})`;
        if (error instanceof AppError) this.logger.warn(line);
        else this.logger.error({ err: error }, line);
      }
      throw error;
    }
  }

  private async fetch(url: string): Promise<M3uList> {
    const { status, body } = await this.outbound.get(url, {
      signal: this.closing.signal,
      // The reader of the list ends a list that is too large, with an error that names the limit.
      maxBytes: 2 * MAX_LIST_BYTES,
      timeoutMs: FETCH_TIMEOUT_MS,
      headers: { 'Accept-Encoding': 'identity' },
    });
    if (status !== 200) {
      body.destroy();
      throw new AppError('outbound_failed', `the server of the list answers with status ${status}`);
    }
    return readM3u(body, 'unusable_list');
  }

  /** Call in order with other changes. */
  private async add(settings: ImportSettings): Promise<StoredImport> {
    if (this.byId.size >= MAX_IMPORTS) {
      throw new AppError(
        'conflict',
        `There are already ${MAX_IMPORTS} imports, which is the limit.`,
      );
    }
    const one: StoredImport = {
      ...settings,
      id: this.newId(settings.name),
      createdAtMs: Date.now(),
      triedAtMs: null,
      refreshedAtMs: null,
      error: null,
    };
    this.byId.set(one.id, one);
    try {
      await this.store.put(one);
    } catch (error) {
      this.byId.delete(one.id);
      throw error;
    }
    return one;
  }

  private newId(name: string): string {
    const word = wordOf(name) || 'import';
    for (let suffix = 1; ; suffix += 1) {
      const id = suffix === 1 ? word : `${word}-${suffix}`;
      // A removed import that is still being fetched must not import its list under the name of another.
      if (!this.byId.has(id) && !this.refreshing.has(id)) return id;
    }
  }

  private note(id: string, result: Partial<StoredImport>): void {
    const one = this.byId.get(id);
    if (one === undefined) return;
    const noted = { ...one, ...result };
    this.byId.set(id, noted);
    this.store.noteResult(noted);
  }

  private find(id: string): StoredImport {
    const one = this.byId.get(id);
    if (one === undefined) throw new AppError('not_found', 'There is no such import.');
    return one;
  }

  private viewOf(one: StoredImport): ImportView {
    const { listed, missing } = this.channels.countOf(one.id);
    return {
      ...one,
      state: this.refreshing.has(one.id) ? 'refreshing' : stateOf(one),
      nextRefreshAtMs: dueAt(one),
      channels: listed,
      missingChannels: missing,
    };
  }
}

interface Described {
  readonly list: M3uList;
  readonly channels: Awaited<ReturnType<typeof groupEntries>>['channels'];
  readonly skipped: readonly SkippedLine[];
}

async function described(load: () => Promise<M3uList>): Promise<Described> {
  const list = await load();
  mustHaveEntries(list);
  return { list, ...(await groupEntries(list)) };
}

/** A page that a server sends instead of a list must not make all channels missing. */
function mustHaveEntries({ entries }: M3uList): void {
  if (entries.length > 0) return;
  throw new AppError('unusable_list', 'The list has no address of AceStream content.');
}

function stateOf({ triedAtMs, error }: StoredImport): ImportState {
  if (triedAtMs === null) return 'pending';
  return error === null ? 'ok' : 'failed';
}

/** When the import should be refreshed; null if it is not refreshed by itself. */
function dueAt({
  url,
  isEnabled,
  triedAtMs,
  createdAtMs,
  refreshIntervalMs,
  error,
}: StoredImport): number | null {
  if (url === null || !isEnabled) return null;
  if (triedAtMs === null) return createdAtMs;
  return (
    triedAtMs + (error === null ? refreshIntervalMs : Math.min(refreshIntervalMs, RETRY_AFTER_MS))
  );
}

function summary(changes: readonly ChannelChange[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const parts = [...counts].map(([kind, count]) => `${count} ${kind}`);
  return parts.length === 0 ? 'no channel has changed' : parts.join(', ');
}
