import { labelFilter } from '../containers/engine-labels';
import { RuntimeError, type ObservedEngine } from '../engine-runtime.port';
import type { ContainerInfo, DockerClient } from '../docker-client';
import type { EngineReach } from './engine-reach';
import { toListedEngine, toObservedEngine } from './observed-engine';

/** Concurrent inspections: one listing must not take all connections to Docker. */
const PARALLEL_INSPECTIONS = 4;

/** The parts of a list entry that change when the container changes. */
interface Signature {
  readonly status: ContainerStatus;
  /** Its state and addresses. */
  readonly rest: string;
}

/** The result of an inspection and the list entry that belongs to it. */
interface Inspection {
  readonly signature: Signature;
  readonly engine: ObservedEngine;
}

export interface ListingClient {
  readonly containers: Pick<DockerClient['containers'], 'list' | 'find'>;
}

/**
 * Lists all engines of one installation. Docker's list has neither the start time of a process nor how it ended, so
 * containers are inspected. While events are heard, only containers with an event or a changed list entry are inspected
 * again: twenty engines that just run cost one call per listing.
 */
export class EngineListing {
  private readonly inspections = new Map<string, Inspection>();
  /** Ids in the last listing: containers with the labels of this installation, which never change. */
  private listed: ReadonlySet<string> = new Set();
  /** Changes with each event: an inspection that overlaps an event is not kept. */
  private epoch = 0;

  /** @param areEventsHeard false while events may be missed: then every listing inspects all containers */
  constructor(
    private readonly client: ListingClient,
    private readonly instance: string,
    private readonly areEventsHeard: () => boolean,
  ) {}

  /** True if the last listing contained it, so that it is an engine of this installation. */
  knows(id: string): boolean {
    return this.listed.has(id);
  }

  /** Call when the container has changed: its last inspection is no longer valid. */
  forget(id: string): void {
    this.epoch += 1;
    this.inspections.delete(id);
  }

  forgetAll(): void {
    this.epoch += 1;
    this.inspections.clear();
  }

  /** @throws RuntimeError when Docker does not answer; earlier inspections are kept in that case */
  async list(reach: EngineReach): Promise<ObservedEngine[]> {
    const listed = await this.client.containers.list(labelFilter(this.instance));
    this.dropAbsent(listed);
    const observed = new Map<string, ObservedEngine>();
    const changed: ContainerInfo[] = [];
    for (const container of listed) {
      const engine = this.recognize(container);
      if (engine === null) changed.push(container);
      else observed.set(container.Id, engine);
    }
    await this.inspectAll(changed, reach, observed);
    return listed.flatMap(({ Id }) => observed.get(Id) ?? []);
  }

  /** Inspects one container, for example right after its start, when no listing contains it yet; null if it is gone. */
  async inspect(id: string, reach: EngineReach): Promise<ObservedEngine | null> {
    const container = await this.client.containers.find(id);
    return container === null ? null : toObservedEngine(container, this.instance, reach);
  }

  /** A container that Docker fails to inspect must not hide the others. */
  private async inspectListed(
    listed: ContainerInfo,
    reach: EngineReach,
  ): Promise<{ readonly engine: ObservedEngine | null; readonly isInspected: boolean }> {
    try {
      return { engine: await this.inspect(listed.Id, reach), isInspected: true };
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== 'runtime_refused') throw error;
      const before = this.inspections.get(listed.Id);
      const runsOn = listed.State === 'running' && before?.engine.phase === 'running';
      const engine = runsOn ? before.engine : toListedEngine(listed, this.instance);
      return { engine, isInspected: false };
    }
  }

  private dropAbsent(listed: readonly ContainerInfo[]): void {
    this.listed = new Set(listed.map(({ Id }) => Id));
    for (const id of this.inspections.keys()) {
      if (!this.listed.has(id)) this.inspections.delete(id);
    }
  }

  private recognize(container: ContainerInfo): ObservedEngine | null {
    const before = this.inspections.get(container.Id);
    if (before === undefined || !this.areEventsHeard()) return null;
    const signature = signatureOf(container);
    const isSame =
      before.signature.rest === signature.rest &&
      isSameStatus(before.signature.status, signature.status);
    if (!isSame) return null;
    // The new status is stored, because the next listing compares its age with this one.
    this.inspections.set(container.Id, { signature, engine: before.engine });
    return before.engine;
  }

  private async inspectAll(
    containers: readonly ContainerInfo[],
    reach: EngineReach,
    observed: Map<string, ObservedEngine>,
  ): Promise<void> {
    const queue = containers.values();
    const inspector = async (): Promise<void> => {
      for (const listed of queue) {
        const { epoch } = this;
        const { engine, isInspected } = await this.inspectListed(listed, reach);
        // It was removed since the list was made.
        if (engine === null) continue;
        observed.set(engine.id, engine);
        if (isInspected && epoch === this.epoch)
          this.inspections.set(engine.id, { signature: signatureOf(listed), engine });
      }
    };
    const count = Math.min(PARALLEL_INSPECTIONS, containers.length);
    await Promise.all(Array.from({ length: count }, inspector));
  }
}

function signatureOf({ State, Status, NetworkSettings }: ContainerInfo): Signature {
  const addresses = Object.entries(NetworkSettings.Networks).map(
    ([name, { IPAddress }]) => `${name} ${IPAddress}`,
  );
  return { status: parseStatus(Status), rest: [State, ...addresses].join('\n') };
}

/** Docker's status text in parts: `Up 3 minutes (Paused)` is `Up (Paused)` and 180 s. */
export interface ContainerStatus {
  /** The text without its age. */
  readonly words: string;
  /** Age of the status, rounded down by Docker; null when the text has no age that we can read. */
  readonly ageS: number | null;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
  year: 365 * 86_400,
};

/** `Less than a second`, `About a minute`, `About an hour`, `5 seconds`. */
const AGE =
  /(?:(Less than a second)|About an? (minute|hour)|(\d+) (second|minute|hour|day|week|month|year)s?)/;

/** Docker 20.10 to 29 format ages alike. */
export function parseStatus(status: string): ContainerStatus {
  const match = AGE.exec(status);
  if (match === null) return { words: status, ageS: null };
  const [age, none, about, count, unit] = match;
  const words = status.replace(age, '').replace(/ {2,}/g, ' ').trim();
  if (none !== undefined) return { words, ageS: 0 };
  return { words, ageS: Number(count ?? 1) * (UNIT_SECONDS[about ?? unit ?? ''] ?? 0) };
}

/**
 * False when the status cannot be that of the same process in the same phase: the words differ, or the age fell. The
 * age of one process only grows, however it is rounded.
 */
export function isSameStatus(before: ContainerStatus, now: ContainerStatus): boolean {
  if (before.words !== now.words) return false;
  if (before.ageS === null || now.ageS === null) return before.ageS === now.ageS;
  return now.ageS >= before.ageS;
}
