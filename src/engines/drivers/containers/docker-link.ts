import type { RuntimeLink } from '../engine-runtime.port';

/**
 * How it stands with Docker, from two witnesses: the event stream, which is the first to notice that Docker
 * went, and the looks, which are the first to notice that it is frozen, because the stream is silent anyway.
 */
export class DockerLink {
  private readonly before: RuntimeLink = { state: 'connecting', since: new Date(), reason: null };
  private failure: RuntimeLink | null = null;

  /** @param stream how it stands with the event stream; null: it was not opened yet */
  constructor(private readonly stream: () => RuntimeLink | null) {}

  get current(): RuntimeLink {
    const stream = this.stream() ?? this.before;
    return stream.state === 'lost' ? stream : (this.failure ?? stream);
  }

  /** A look succeeded, or a new stream began: what failed before is over. */
  clear(): void {
    this.failure = null;
  }

  lookFailed(reason: string): void {
    this.failure = { state: 'lost', since: this.failure?.since ?? new Date(), reason };
  }
}
