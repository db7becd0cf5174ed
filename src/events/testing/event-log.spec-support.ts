import type { Jobs } from '../../coordination';
import { DataFolder, EventStore } from '../../storage';
import { EventBus } from '../event-bus';
import { EventLog } from '../event-log';

const noJobs = { every: () => undefined } as unknown as Jobs;

/** The event log of one process. */
export class EventLogStage {
  readonly config = { eventLogSize: 10_000, eventLogDays: 30 };
  readonly log: EventLog;

  private constructor(
    readonly folder: DataFolder,
    readonly bus: EventBus,
    readonly store: EventStore,
  ) {
    this.log = new EventLog(this.config, bus, store, noJobs);
  }

  /** Starts a process with this data folder. */
  static async start(path: string): Promise<EventLogStage> {
    const folder = new DataFolder(path);
    const store = new EventStore(folder);
    return new EventLogStage(folder, new EventBus(await store.reserveIds()), store);
  }

  /** Publishes this many events. */
  publish(count: number): void {
    for (let n = 0; n < count; n += 1) {
      this.bus.publish('engine_removed', { engine_id: `e${n}`, reason: 'test' });
    }
    this.bus.onApplicationShutdown();
  }

  async ids(limit = 1000): Promise<number[]> {
    const { events } = await this.log.find({}, limit, 'newest');
    return events.map(({ id }) => id);
  }

  /** Resolves when every event is on the disk. */
  async written(): Promise<void> {
    while ((await this.log.totals()).unwritten > 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the process in an orderly way. */
  async end(): Promise<void> {
    await this.log.onApplicationShutdown();
    await this.folder.close();
  }

  /** Ends the process as a crash does: nothing more is written. */
  async kill(): Promise<void> {
    await this.folder.close();
  }
}
