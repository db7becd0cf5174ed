import { labelFilter } from '../containers/engine-labels';
import { RuntimeError, type ObservedEngine } from '../engine-runtime.port';
import type { ContainerInfo, DockerClient } from '../docker-client';
import { type ContainerStatus, isSameStatus, parseStatus } from './container-status';
import type { EngineReach } from './engine-reach';
import { toListedEngine, toSeenEngine } from './seen-engine';

/** Inspections under way at a time: a look must not take all connections to Docker. */
const PARALLEL_INSPECTIONS = 4;

/** What the list says of a container that may tell that it is not what it was. */
interface Signs {
  readonly status: ContainerStatus;
  /** Its state and addresses. */
  readonly rest: string;
}

/** What was seen of a container, and what the list said of it last. */
interface Sighting {
  readonly signs: Signs;
  readonly engine: ObservedEngine;
}

export interface ListingClient {
  readonly containers: Pick<DockerClient['containers'], 'list' | 'find'>;
}

/**
 * Looks at all engines of one instance. Docker's list lacks what tells one process from the next (when it
 * was started) and how it ended, so containers are inspected; but while events are heard, only those of
 * which an event came, or which the list shows otherwise than before. Twenty engines that just run cost
 * one call a look.
 */
export class EngineListing {
  private readonly sightings = new Map<string, Sighting>();
  /** Ids that the last look has shown: containers with the labels of this instance, which never change. */
  private listed: ReadonlySet<string> = new Set();
  /** Another one after each event: what was inspected around an event is not kept. */
  private epoch = 0;

  /** @param areEventsHeard false while events may be missed: then every look inspects everything */
  constructor(
    private readonly client: ListingClient,
    private readonly instance: string,
    private readonly areEventsHeard: () => boolean,
  ) {}

  /** The last look has shown it, so it is one of ours. */
  knows(id: string): boolean {
    return this.listed.has(id);
  }

  /** Something happened to this container: what was seen of it is worth nothing any more. */
  forget(id: string): void {
    this.epoch += 1;
    this.sightings.delete(id);
  }

  forgetAll(): void {
    this.epoch += 1;
    this.sightings.clear();
  }

  /** @throws RuntimeError when Docker does not answer; then nothing is known, and nothing forgotten */
  async look(reach: EngineReach): Promise<ObservedEngine[]> {
    const listed = await this.client.containers.list(labelFilter(this.instance));
    this.dropAbsent(listed);
    const seen = new Map<string, ObservedEngine>();
    const unclear: ContainerInfo[] = [];
    for (const container of listed) {
      const engine = this.recognize(container);
      if (engine === null) unclear.push(container);
      else seen.set(container.Id, engine);
    }
    await this.inspectAll(unclear, reach, seen);
    return listed.flatMap(({ Id }) => seen.get(Id) ?? []);
  }

  /** An engine right after its start, which no list has shown yet; null when it is gone again. */
  async inspect(id: string, reach: EngineReach): Promise<ObservedEngine | null> {
    const container = await this.client.containers.find(id);
    return container === null ? null : toSeenEngine(container, this.instance, reach);
  }

  /** One container that Docker fails to inspect must not hide the others. */
  private async inspectListed(
    listed: ContainerInfo,
    reach: EngineReach,
  ): Promise<{ readonly engine: ObservedEngine | null; readonly isInspected: boolean }> {
    try {
      return { engine: await this.inspect(listed.Id, reach), isInspected: true };
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== 'runtime_refused') throw error;
      const before = this.sightings.get(listed.Id);
      const isStill = listed.State === 'running' && before?.engine.phase === 'running';
      const engine = isStill ? before.engine : toListedEngine(listed, this.instance);
      return { engine, isInspected: false };
    }
  }

  private dropAbsent(listed: readonly ContainerInfo[]): void {
    this.listed = new Set(listed.map(({ Id }) => Id));
    for (const id of this.sightings.keys()) {
      if (!this.listed.has(id)) this.sightings.delete(id);
    }
  }

  private recognize(container: ContainerInfo): ObservedEngine | null {
    const before = this.sightings.get(container.Id);
    if (before === undefined || !this.areEventsHeard()) return null;
    const signs = signsOf(container);
    const isSame =
      before.signs.rest === signs.rest && isSameStatus(before.signs.status, signs.status);
    if (!isSame) return null;
    // An age is compared with the last one: it must not fall from look to look.
    this.sightings.set(container.Id, { signs, engine: before.engine });
    return before.engine;
  }

  private async inspectAll(
    containers: readonly ContainerInfo[],
    reach: EngineReach,
    seen: Map<string, ObservedEngine>,
  ): Promise<void> {
    const queue = containers.values();
    const inspector = async (): Promise<void> => {
      for (const listed of queue) {
        const { epoch } = this;
        const { engine, isInspected } = await this.inspectListed(listed, reach);
        // Removed since the list was made: the next look will not show it.
        if (engine === null) continue;
        seen.set(engine.id, engine);
        if (isInspected && epoch === this.epoch)
          this.sightings.set(engine.id, { signs: signsOf(listed), engine });
      }
    };
    const count = Math.min(PARALLEL_INSPECTIONS, containers.length);
    await Promise.all(Array.from({ length: count }, inspector));
  }
}

function signsOf({ State, Status, NetworkSettings }: ContainerInfo): Signs {
  const addresses = Object.entries(NetworkSettings.Networks).map(
    ([name, { IPAddress }]) => `${name} ${IPAddress}`,
  );
  return { status: parseStatus(Status), rest: [State, ...addresses].join('\n') };
}
