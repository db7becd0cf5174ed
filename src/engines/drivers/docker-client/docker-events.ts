import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { monotonicMs } from '../../../kernel/clock';
import type { RuntimeLink, RuntimeLinkState } from '../engine-runtime.port';
import type { DockerClient, DockerEventFilters } from './docker-client';
import { oneLine } from './docker-error';
import type { DockerStream } from './docker-transport';
import { readEvent, type DockerEvent } from './docker-event';
import { jsonLines } from './json-lines';

/** Calls return at once and do not throw. */
export interface DockerEventsListener {
  onEvent(event: DockerEvent): void;
  /** A stream began, the first or another: what happened before is not told. List again. */
  onGap(): void;
  /** The link changed. */
  onLink?(link: RuntimeLink): void;
}

export interface DockerEventsTiming {
  /** A stream without an event for so long is replaced: it may be dead without anybody having noticed. */
  readonly silenceMs: number;
  /** How often Docker is pinged beside the stream: a Docker that hangs ends no stream. */
  readonly livenessMs: number;
  readonly backOffMinMs: number;
  readonly backOffMaxMs: number;
}

const TIMING: DockerEventsTiming = {
  silenceMs: 5 * 60_000,
  livenessMs: 10_000,
  backOffMinMs: 500,
  backOffMaxMs: 10_000,
};

/** A stream that lasted so long was a good one: what ends it (a proxy's time limit) is no outage by itself. */
const GOOD_STREAM_MS = 10_000;

/**
 * Docker's events without end: a stream that breaks, hangs or falls silent is replaced, with a growing pause
 * while Docker is away. Owns one task from `open` to `close`.
 */
export class DockerEvents {
  private readonly logger = new Logger(DockerEvents.name);
  private readonly timing: DockerEventsTiming;
  private readonly closing = new AbortController();
  private current: RuntimeLink = { state: 'connecting', since: new Date(), reason: null };
  private task: Promise<void> | null = null;

  constructor(
    private readonly client: DockerClient,
    private readonly filters: DockerEventFilters,
    private readonly listener: DockerEventsListener,
    timing: Partial<DockerEventsTiming> = {},
  ) {
    this.timing = { ...TIMING, ...timing };
  }

  get link(): RuntimeLink {
    return this.current;
  }

  /** Begins. Further calls do nothing. */
  open(): void {
    this.task ??= this.run();
  }

  /** Ends for good: nothing is told after it. */
  close(): void {
    this.closing.abort(new Error('closed'));
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    let failures = 0;
    for (;;) {
      const startedAt = monotonicMs();
      const end = await this.followOne();
      if (signal.aborted) return;
      const wasGood = end.wasConnected && monotonicMs() - startedAt >= GOOD_STREAM_MS;
      if (end.isRenewal || (wasGood && !end.isOutage)) {
        failures = 0;
        continue;
      }
      this.setLink('lost', end.reason);
      failures = wasGood ? 1 : failures + 1;
      await delay(this.pauseMs(failures), undefined, { signal }).catch(() => undefined);
    }
  }

  /** One stream from its beginning to its end, which is never an exception. */
  private async followOne(): Promise<StreamEnd> {
    let stream: DockerStream;
    try {
      stream = await this.client.streamEvents(this.filters, this.closing.signal);
    } catch (error) {
      return { reason: wordsOf(error), wasConnected: false, isRenewal: false, isOutage: true };
    }
    const watch = new StreamWatch(stream, this.client, this.timing);
    try {
      this.setLink('connected', null);
      this.listener.onGap();
      for await (const message of jsonLines(stream.body)) {
        if (this.closing.signal.aborted) break;
        watch.renew();
        const event = readEvent(message);
        if (event !== null) this.listener.onEvent(event);
      }
      return watch.end ?? ended('Docker ended the event stream', false);
    } catch (error) {
      return watch.end ?? ended(`the event stream broke: ${wordsOf(error)}`, false);
    } finally {
      watch.dispose();
      stream.end();
    }
  }

  private setLink(state: RuntimeLinkState, reason: string | null): void {
    const { state: before, since, reason: reasonBefore } = this.current;
    if (this.closing.signal.aborted || (state === before && reason === reasonBefore)) return;
    this.current = { state, since: state === before ? since : new Date(), reason };
    // Owners say it in the log, once for all who listen.
    if (state !== before) this.logger.debug(`events of Docker: ${state} ${reason ?? ''}`.trim());
    this.listener.onLink?.(this.current);
  }

  /** Doubles from the least to the most, up to a quarter shorter, so that not all come at the same moment. */
  private pauseMs(failures: number): number {
    const { backOffMinMs, backOffMaxMs } = this.timing;
    const full = Math.min(backOffMaxMs, backOffMinMs * 2 ** Math.min(failures - 1, 20));
    return full * (1 - Math.random() / 4);
  }
}

interface StreamEnd {
  readonly reason: string;
  readonly wasConnected: boolean;
  /** We ended it ourselves and go on with another at once. */
  readonly isRenewal: boolean;
  /** Docker does not answer at all. */
  readonly isOutage: boolean;
}

function ended(reason: string, isOutage: boolean): StreamEnd {
  return { reason, wasConnected: true, isRenewal: false, isOutage };
}

/** Ends a stream that is silent for too long, or whose Docker does not answer any more. */
class StreamWatch {
  /** Set when it was this that ended the stream. */
  end: StreamEnd | null = null;
  private readonly silence: NodeJS.Timeout;
  private liveness: NodeJS.Timeout;
  private readonly pinging = new AbortController();

  constructor(
    private readonly stream: DockerStream,
    private readonly client: DockerClient,
    private readonly timing: DockerEventsTiming,
  ) {
    this.silence = setTimeout(() => {
      const reason = `the event stream was silent for ${timing.silenceMs / 1000} s`;
      this.stop({ reason, wasConnected: true, isRenewal: true, isOutage: false });
    }, timing.silenceMs);
    this.liveness = this.pingLater();
  }

  renew(): void {
    this.silence.refresh();
  }

  dispose(): void {
    clearTimeout(this.silence);
    clearTimeout(this.liveness);
    this.pinging.abort(new Error('the stream is over'));
  }

  private pingLater(): NodeJS.Timeout {
    return setTimeout(() => void this.ping(), this.timing.livenessMs);
  }

  private async ping(): Promise<void> {
    try {
      await this.client.ping(this.pinging.signal);
      if (!this.pinging.signal.aborted) this.liveness = this.pingLater();
    } catch (error) {
      if (!this.pinging.signal.aborted) this.stop(ended(wordsOf(error), true));
    }
  }

  private stop(end: StreamEnd): void {
    this.end ??= end;
    this.stream.end();
  }
}

function wordsOf(error: unknown): string {
  return oneLine((error as Error).message);
}
