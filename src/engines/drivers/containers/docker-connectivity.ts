import {
  type DockerClient,
  type DockerEvent,
  type DockerEventFilters,
  DockerEvents,
} from '../docker-client';
import type { RuntimeError, RuntimeLink, RuntimeListener } from '../engine-runtime.port';

/** Which events of the Docker Engine a runtime needs, and what it does on them. */
export interface EventUse {
  readonly filters: DockerEventFilters;
  readonly onEvent: (event: DockerEvent, listener: RuntimeListener) => void;
  /**
   * Called when events may have been missed, possibly because another Docker Engine answers now. The runtime must
   * forget everything that it has cached.
   */
  readonly onGap: () => void;
}

/**
 * Subscribes a runtime to the events of one Docker Engine and tracks whether that Docker Engine answers. The event
 * stream is the first to detect that Docker has ended. A listing is the first to detect that Docker is frozen,
 * because the event stream is merely silent then.
 */
export class DockerConnectivity {
  private readonly before: RuntimeLink = { state: 'connecting', since: new Date(), reason: null };
  private events: DockerEvents | null = null;
  private failure: RuntimeLink | null = null;

  constructor(
    private readonly client: DockerClient,
    private readonly use: EventUse,
  ) {}

  get link(): RuntimeLink {
    return currentLink(this.events?.link ?? this.before, this.failure);
  }

  /** False while events may be missed. */
  get hearsEvents(): boolean {
    return this.events?.link.state === 'connected';
  }

  /** Subscribes. Further calls do nothing. */
  open(listener: RuntimeListener): void {
    const { filters, onEvent, onGap } = this.use;
    this.events ??= new DockerEvents(this.client, filters, {
      onEvent: (event) => onEvent(event, listener),
      onGap: () => {
        this.failure = null;
        onGap();
        listener.changed();
      },
      onLink: () => listener.changed(),
    });
    this.events.open();
  }

  /**
   * Runs one listing. Its outcome also tells whether Docker answers.
   *
   * @throws RuntimeError the result of `asFailure`
   */
  async list<T>(find: () => Promise<T>, asFailure: (error: unknown) => RuntimeError): Promise<T> {
    try {
      const found = await find();
      this.failure = null;
      return found;
    } catch (error) {
      const failure = asFailure(error);
      const since = this.failure?.since ?? new Date();
      this.failure = { state: 'lost', since, reason: failure.message };
      throw failure;
    }
  }

  close(): void {
    this.events?.close();
  }
}

/**
 * Combines the state of the event stream with the failure of the last listing. When both report a loss, the event
 * stream's reason is used.
 */
export function currentLink(events: RuntimeLink, failure: RuntimeLink | null): RuntimeLink {
  return events.state === 'lost' ? events : (failure ?? events);
}
