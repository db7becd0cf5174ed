import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { monotonicMs } from '../../../kernel/clock';
import type { RuntimeLink, RuntimeLinkState } from '../engine-runtime.port';
import { jsonLines } from './answer-body';
import type { DockerClient, DockerEventFilters } from './docker-client';
import { oneLine } from './docker-error';
import type { DockerStream } from './docker-transport';

/** A change of a container, network, service… */
export interface DockerEvent {
  /** `container`, `network`, `service`, `image`… */
  readonly type: string;
  /** `start`, `die`, `destroy`…; some have a suffix after a colon: `health_status: healthy`. */
  readonly action: string;
  /** Of the object that changed. */
  readonly id: string;
  /** Labels and properties: those of a container include `name`, `image` and, after its end, `exitCode`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Wall clock of Docker's machine. */
  readonly timeMs: number;
}

/** Calls return at once and do not throw. */
export interface DockerEventsListener {
  onEvent(event: DockerEvent): void;
  /** A stream began, the first or a later one. Events from before it are lost: list again. */
  onGap(): void;
  /** The state of the connection changed. */
  onLink?(link: RuntimeLink): void;
}

export interface DockerEventsTiming {
  /** A stream without an event for this long is replaced, because its connection may have died unnoticed. */
  readonly silenceMs: number;
  /**
   * Interval of the pings beside the stream, which detect a frozen Docker Engine, because it does not end the stream.
   */
  readonly livenessMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

const TIMING: DockerEventsTiming = {
  silenceMs: 5 * 60_000,
  livenessMs: 10_000,
  backoffMinMs: 500,
  backoffMaxMs: 10_000,
};

/**
 * The end of a stream that lasted this long does not count as an outage: a proxy may limit the time of a connection.
 */
const GOOD_STREAM_MS = 10_000;

/**
 * An endless subscription to Docker's events. A stream that breaks, hangs or falls silent is replaced, with a growing
 * pause while Docker does not answer. One task runs from `open` to `close`.
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

  /** Subscribes. Further calls do nothing. */
  open(): void {
    this.task ??= this.run();
  }

  /** Ends the subscription for good. The listener is not called afterwards. */
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

  /** Follows one stream to its end. Never throws. */
  private async followOne(): Promise<StreamEnd> {
    let stream: DockerStream;
    try {
      stream = await this.client.streamEvents(this.filters, this.closing.signal);
    } catch (error) {
      return { reason: messageOf(error), wasConnected: false, isRenewal: false, isOutage: true };
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
      return watch.end ?? ended(`the event stream broke: ${messageOf(error)}`, false);
    } finally {
      watch.dispose();
      stream.end();
    }
  }

  private setLink(state: RuntimeLinkState, reason: string | null): void {
    const { state: before, since, reason: reasonBefore } = this.current;
    if (this.closing.signal.aborted || (state === before && reason === reasonBefore)) return;
    this.current = { state, since: state === before ? since : new Date(), reason };
    // Logged at `debug` only, because the fleet reports a lost connection to the runtime itself.
    if (state !== before) this.logger.debug(`events of Docker: ${state} ${reason ?? ''}`.trim());
    this.listener.onLink?.(this.current);
  }

  /** Doubles up to the maximum. Up to a quarter is cut at random, so that several clients do not return at once. */
  private pauseMs(failures: number): number {
    const { backoffMinMs, backoffMaxMs } = this.timing;
    const fullMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(failures - 1, 20));
    return fullMs * (1 - Math.random() / 4);
  }
}

interface StreamEnd {
  readonly reason: string;
  readonly wasConnected: boolean;
  /** True if the stream was ended on purpose, so that the next one is opened at once. */
  readonly isRenewal: boolean;
  /** Docker does not answer. */
  readonly isOutage: boolean;
}

function ended(reason: string, isOutage: boolean): StreamEnd {
  return { reason, wasConnected: true, isRenewal: false, isOutage };
}

/** Ends a stream that is silent for too long or whose Docker Engine stops answering. */
class StreamWatch {
  /** Set when this watch ended the stream. */
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
      if (!this.pinging.signal.aborted) this.stop(ended(messageOf(error), true));
    }
  }

  private stop(end: StreamEnd): void {
    this.end ??= end;
    this.stream.end();
  }
}

function messageOf(error: unknown): string {
  return oneLine((error as Error).message);
}

/** Null when the message is not an event or does not name the object that changed. */
export function readEvent(message: unknown): DockerEvent | null {
  const { Type, Action, Actor, time, timeNano } = (message ?? {}) as EventMessage;
  if (typeof Type !== 'string' || typeof Action !== 'string') return null;
  if (typeof Actor?.ID !== 'string' || Actor.ID === '') return null;
  const attributes = Object.entries(Actor.Attributes ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    type: Type,
    action: Action,
    id: Actor.ID,
    attributes: Object.fromEntries(attributes),
    timeMs: milliseconds(timeNano, 1e-6) ?? milliseconds(time, 1000) ?? Date.now(),
  };
}

function milliseconds(value: unknown, factor: number): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.floor(value * factor) : null;
}

interface EventMessage {
  readonly Type?: unknown;
  readonly Action?: unknown;
  readonly Actor?: {
    readonly ID?: unknown;
    readonly Attributes?: Record<string, unknown> | null;
  } | null;
  readonly time?: unknown;
  readonly timeNano?: unknown;
}
