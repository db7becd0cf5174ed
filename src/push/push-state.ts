import { Injectable } from '@nestjs/common';
import { ChecksController } from '../checker';
import { EnginesController, OrchestratorController, VpnController } from '../engines';
import type { RecordedEvent } from '../events';
import { monotonicMs } from '../kernel/clock';
import { isLiveStream, runwayOf, StreamRegistry, toSessionDto, toViewerDto } from '../proxy';
import { StateTable } from './state-table';
import type { StateTopic } from './push-topic';

type Stream = ReturnType<StreamRegistry['list']>[number];

type Fields = Readonly<Record<string, unknown>>;

/** A change of an entry: the changed fields, or null if it is gone. */
export type ReportChange = (
  topic: StateTopic,
  name: string,
  id: string,
  changed: Fields | null,
) => void;

/** What the numbers of a stream in a tick are, in their order. Null where nothing is known. */
export const TICK_FIELDS = [
  'in_bps',
  'out_bps',
  'clients',
  'peers',
  'speed_down_kbps',
  'speed_up_kbps',
  'runway_s',
] as const;

/** Streams and viewers that no event tells of are compared every so many steps, a part in each step. */
const ROUND_STEPS = 8;

/** Engines, VPNs, the fleet and checks are compared every so many steps, and after an event. */
const FLEET_STEPS = 4;

/** Numbers that change all the time. Ticks have those of streams; the others are at the addresses of the API. */
const OMITTED = new Set([
  'bytes_in',
  'bytes_out',
  'pinned_bytes',
  'buffer',
  'bitrate_bps',
  'idle_seconds',
  'connected_s',
  'bytes_sent',
  'behind_s',
  'last_seen',
  'last_stream_usage',
  'last_health_check',
  'timestamp',
]);

/** Entries by id, each with the function that describes it as the API does. */
type Items = Map<string, () => object>;

/** The state of everything that clients follow, as the API shows it, and what has changed since the last step. */
@Injectable()
export class PushState {
  private readonly tables: Readonly<Record<StateTopic, StateTable>> = {
    streams: new StateTable(),
    clients: new StateTable(),
    engines: new StateTable(),
    vpns: new StateTable(),
    fleet: new StateTable(),
    checks: new StateTable(),
  };
  /** Ids of streams and viewers of which an event has told since the last step. */
  private readonly touched = new Set<string>();
  private isFleetTouched = true;
  private steps = 0;
  private readonly counted = new Map<string, { atMs: number; bytesIn: number; bytesOut: number }>();

  constructor(
    private readonly streams: StreamRegistry,
    private readonly engines: EnginesController,
    private readonly fleet: OrchestratorController,
    private readonly vpns: VpnController,
    private readonly checks: ChecksController,
  ) {}

  /** Notes what may have changed. */
  touch({ payload }: RecordedEvent): void {
    if ('client_id' in payload) this.touched.add(payload.client_id);
    else this.isFleetTouched = true;
    if ('stream_id' in payload) this.touched.add(payload.stream_id);
  }

  /** Compares a part of the state with what clients know. @param nextRev number of the message with the next change */
  step(nextRev: () => number, report: ReportChange): void {
    this.steps += 1;
    const running = this.streams.list();
    const isDue = (id: string, index: number): boolean =>
      (index + this.steps) % ROUND_STEPS === 0 || this.touched.has(id) || this.isStarting(id);
    this.compare('streams', 'stream', streamItems(running), isDue, nextRev, report);
    this.compare('clients', 'client', viewerItems(running), isDue, nextRev, report);
    this.touched.clear();
    if (!this.isFleetTouched && this.steps % FLEET_STEPS !== 0) return;
    this.isFleetTouched = false;
    const always = (): boolean => true;
    const compare = (topic: StateTopic, name: string, items: Items): void =>
      this.compare(topic, name, items, always, nextRev, report);
    compare(
      'engines',
      'engine',
      itemsOf(this.engines.list(), ({ id }) => id),
    );
    compare(
      'vpns',
      'vpn',
      itemsOf(this.vpns.status().vpns, (vpn) => vpn.container_name),
    );
    compare(
      'fleet',
      'fleet',
      itemsOf([this.fleet.status()], () => 'fleet'),
    );
    const { runs, last_run: lastRun } = this.checks.show();
    const shown = lastRun === null ? runs : [...runs, lastRun];
    compare(
      'checks',
      'check',
      itemsOf(shown, ({ id }) => id),
    );
  }

  /** Forgets what clients know, when there are no more clients. */
  clear(): void {
    for (const table of Object.values(this.tables)) table.clear();
    this.counted.clear();
    this.touched.clear();
    this.isFleetTouched = true;
  }

  /** All entries of a topic, as a JSON array. */
  toJson(topic: StateTopic): string {
    return this.tables[topic].toJson();
  }

  /** The numbers of all streams. Rates are averages since the last call. */
  figures(): Record<string, (number | null)[]> {
    const running = this.streams.list();
    const ids = new Set(running.map(({ id }) => id));
    for (const id of this.counted.keys()) if (!ids.has(id)) this.counted.delete(id);
    return Object.fromEntries(running.map((stream) => [stream.id, this.figuresOf(stream)]));
  }

  /** In the order of `TICK_FIELDS`. */
  private figuresOf(stream: Stream): (number | null)[] {
    const atMs = monotonicMs();
    const { bytesIn, bytesOut, clientCount } = stream.snapshot();
    const before = this.counted.get(stream.id);
    this.counted.set(stream.id, { atMs, bytesIn, bytesOut });
    const bps = (now: number, then: number | undefined): number | null =>
      before === undefined || then === undefined || atMs <= before.atMs
        ? null
        : Math.max(0, Math.round(((now - then) * 8000) / (atMs - before.atMs)));
    const live = isLiveStream(stream) ? stream : null;
    const stat = live?.observation.stat?.stat;
    const runway = live === null ? null : runwayOf(live.history, live.viewers);
    return [
      bps(bytesIn, before?.bytesIn),
      bps(bytesOut, before?.bytesOut),
      clientCount,
      stat?.peers ?? null,
      stat?.speedDownKBps == null ? null : stat.speedDownKBps * 8,
      stat?.speedUpKBps == null ? null : stat.speedUpKBps * 8,
      runway === null ? null : Math.round(runway.leastMs / 100) / 10,
    ];
  }

  /** A start makes progress that no event tells of. */
  private isStarting(id: string): boolean {
    return this.tables.streams.fieldsOf(id)?.['state'] === 'starting';
  }

  private compare(
    topic: StateTopic,
    name: string,
    items: Items,
    isDue: (id: string, index: number) => boolean,
    nextRev: () => number,
    report: ReportChange,
  ): void {
    const table = this.tables[topic];
    for (const id of [...table.ids()]) {
      if (items.has(id)) continue;
      table.remove(id);
      report(topic, name, id, null);
    }
    let index = 0;
    for (const [id, describe] of items) {
      index += 1;
      if (table.fieldsOf(id) !== null && !isDue(id, index)) continue;
      const changed = table.update(id, withoutOmitted(describe()), nextRev());
      if (changed !== null) report(topic, name, id, changed);
    }
  }
}

function streamItems(running: readonly Stream[]): Items {
  return new Map(
    running.map((stream) => [stream.id, (): object => toSessionDto(stream.snapshot())]),
  );
}

function viewerItems(running: readonly Stream[]): Items {
  const items: Items = new Map();
  for (const stream of running) {
    for (const viewer of stream.viewers) {
      const describe = (): object => ({
        stream_id: stream.id,
        ...toViewerDto(viewer, stream),
      });
      items.set(viewer.id, describe);
    }
  }
  return items;
}

function itemsOf<T extends object>(all: readonly T[], idOf: (one: T) => string): Items {
  return new Map(all.map((one) => [idOf(one), (): object => one]));
}

/** `id` is left out too, because every message has it. */
function withoutOmitted(dto: object): Fields {
  return Object.fromEntries(
    Object.entries(dto).filter(([name]) => name !== 'id' && !OMITTED.has(name)),
  );
}
