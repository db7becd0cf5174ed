import type { EngineSink } from '../drivers/engine-driver.port';
import type { ObservedEngine } from '../drivers/engine-runtime.port';
import type { EngineDescription } from '../registry/engine.types';
import { monotonicMs } from '../../kernel/clock';
import { MISSED_LOOKS, type SeenRecord } from './seen-engines';

/** What the registry was told of an engine; null: it was lost since. */
type Told = { readonly incarnation: string; readonly description: EngineDescription } | null;

/** Tells the registry what the runtime shows: only what is new, and only of engines that can be reached. */
export class RegistrySync {
  private readonly told = new Map<string, Told>();

  constructor(
    private readonly sink: EngineSink,
    private readonly startTimeoutMs: number,
  ) {}

  /** Returns the ids of those that are gone; nobody knows them any more. */
  apply(records: readonly SeenRecord[]): string[] {
    const gone: string[] = [];
    for (const record of records) {
      const reason = reasonGone(record);
      if (reason === null) {
        this.tell(record);
      } else {
        this.remove(record.seen.id, reason);
        gone.push(record.seen.id);
      }
    }
    return gone;
  }

  remove(id: string, reason: string): void {
    if (this.told.delete(id)) this.sink.remove(id, reason);
  }

  private tell(record: SeenRecord): void {
    const { seen } = record;
    const before = this.told.get(seen.id);
    const description = seen.phase === 'running' ? describe(seen) : null;
    if (description === null) {
      if (before === undefined || before === null) return;
      this.told.set(seen.id, null);
      const isCutOff = seen.phase === 'running' && before.incarnation === seen.incarnation;
      this.sink.lose(
        seen.id,
        isCutOff ? `it has no address any more (${seen.phaseDetail})` : seen.phaseDetail,
        isCutOff,
      );
      return;
    }
    if (before?.incarnation === seen.incarnation && isSame(before.description, description)) return;
    this.told.set(seen.id, { incarnation: seen.incarnation, description });
    this.sink.announce(description, this.startBudgetMs(record));
  }

  private startBudgetMs({ isFresh, incarnationSince }: SeenRecord): number {
    return isFresh ? Math.max(this.startTimeoutMs - (monotonicMs() - incarnationSince), 0) : 0;
  }
}

function reasonGone({ hasVanished, missedLooks }: SeenRecord): string | null {
  if (hasVanished) return 'it was removed';
  return missedLooks >= MISSED_LOOKS ? `it was missing in ${missedLooks} listings in a row` : null;
}

function describe(seen: ObservedEngine): EngineDescription | null {
  if (seen.endpoint === null) return null;
  return {
    id: seen.id,
    name: seen.name,
    endpoint: seen.endpoint,
    apiPort: seen.apiPort,
    labels: seen.labels,
    forwarded: seen.forwardedPort !== null,
    vpn: seen.vpn?.vpn ?? null,
  };
}

/** Labels never change without a new engine. */
function isSame(a: EngineDescription, b: EngineDescription): boolean {
  return (
    a.endpoint.host === b.endpoint.host &&
    a.endpoint.port === b.endpoint.port &&
    a.apiPort === b.apiPort &&
    a.forwarded === b.forwarded
  );
}
