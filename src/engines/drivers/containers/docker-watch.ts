import {
  type DockerClient,
  type DockerEvent,
  type DockerEventFilters,
  DockerEvents,
} from '../docker-client';
import type { RuntimeError, RuntimeLink, RuntimeListener } from '../engine-runtime.port';
import { DockerLink } from './docker-link';

/** What a runtime makes of the events of its Docker Engine. */
export interface WatchParts {
  readonly filters: DockerEventFilters;
  readonly onEvent: (event: DockerEvent, listener: RuntimeListener) => void;
  /** Events may have been missed, and another Docker Engine may answer now: nothing known holds any more. */
  readonly onGap: () => void;
}

/** Hears the events of one Docker Engine for a runtime, and knows from them and from its looks how it stands with it. */
export class DockerWatch {
  private stream: DockerEvents | null = null;
  private readonly state = new DockerLink(() => this.stream?.link ?? null);

  constructor(
    private readonly client: DockerClient,
    private readonly parts: WatchParts,
  ) {}

  get link(): RuntimeLink {
    return this.state.current;
  }

  /** False while events may be missed. */
  get hearsEvents(): boolean {
    return this.stream?.link.state === 'connected';
  }

  /** Begins to listen. Further calls do nothing. */
  open(listener: RuntimeListener): void {
    const { filters, onEvent, onGap } = this.parts;
    this.stream ??= new DockerEvents(this.client, filters, {
      onEvent: (event) => onEvent(event, listener),
      onGap: () => {
        this.state.clear();
        onGap();
        listener.changed();
      },
      onLink: () => listener.changed(),
    });
    this.stream.open();
  }

  /**
   * One look, which tells also whether Docker answers.
   *
   * @throws RuntimeError what `asFailure` makes of the error
   */
  async look<T>(find: () => Promise<T>, asFailure: (error: unknown) => RuntimeError): Promise<T> {
    try {
      const seen = await find();
      this.state.clear();
      return seen;
    } catch (error) {
      const failure = asFailure(error);
      this.state.lookFailed(failure.message);
      throw failure;
    }
  }

  close(): void {
    this.stream?.close();
  }
}
