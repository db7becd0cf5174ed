import { Logger } from '@nestjs/common';
import type { EventBus } from '../../../events';
import { monotonicMs } from '../../../kernel/clock';
import { formatSize } from '../../../kernel/units';
import type { EngineRecipe } from '../containers/engine-recipe';
import { calledOff } from '../containers/runtime-failure';
import { RuntimeError, type RuntimeImage } from '../engine-runtime.port';
import type { DockerClient, PullProgress } from '../docker-client';
import { PullProgressReport } from './pull-progress';

/** A registry that said no is not asked again with every order. */
const RETRY_FIRST_MS = 15_000;
const RETRY_LONGEST_MS = 5 * 60_000;

/** What there is to know of a pull that failed. */
interface PullFailure {
  readonly reason: string;
  readonly failures: number;
  /** Monotonic. */
  readonly retryAtMs: number;
}

/** One look, and pull if need be, for all orders that came meanwhile. */
interface Flight {
  readonly done: Promise<void>;
  /** Orders that wait; the last one to leave ends it. */
  readonly passengers: Set<symbol>;
  readonly stop: AbortController;
}

export type ImageClient = Pick<DockerClient, 'images' | 'version'>;

/**
 * The image that engines are made of: looked for before each engine, because anybody may remove it, and
 * pulled when it is not there.
 */
export class EngineImage {
  private readonly logger = new Logger(EngineImage.name);
  private current: RuntimeImage;
  private flight: Flight | null = null;
  private lastFailure: PullFailure | null = null;

  constructor(
    private readonly client: ImageClient,
    private readonly recipe: Pick<EngineRecipe, 'imageReference' | 'imageObjection'>,
    private readonly events: Pick<EventBus, 'publish'>,
    private readonly now: () => number = monotonicMs,
  ) {
    this.current = this.stateOf('unknown');
  }

  /** Another Docker Engine may need another image: then nothing is known of that. */
  get state(): RuntimeImage {
    return this.current.reference === this.reference ? this.current : this.stateOf('unknown');
  }

  /**
   * Returns when the image is there. When `signal` fires, the caller does not wait any longer; what nobody
   * waits for is ended.
   *
   * @throws RuntimeError `image_missing` with what the registry said, at once while a failed pull is recent
   */
  async ensure(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw calledOff(signal.reason);
    const flight = (this.flight ??= this.takeOff());
    const passenger = Symbol('order');
    flight.passengers.add(passenger);
    try {
      await untilAborted(flight.done, signal);
    } finally {
      flight.passengers.delete(passenger);
      if (flight.passengers.size === 0) this.land(flight);
    }
  }

  /** Ends a pull under way; who waits for it hears a failure. */
  close(): void {
    if (this.flight !== null) this.land(this.flight);
  }

  private get reference(): string {
    return this.recipe.imageReference;
  }

  private takeOff(): Flight {
    const stop = new AbortController();
    const done = this.obtain(stop.signal);
    const flight: Flight = { done, passengers: new Set(), stop };
    void done
      .catch(() => undefined)
      .then(() => {
        if (this.flight === flight) this.flight = null;
      });
    return flight;
  }

  private land(flight: Flight): void {
    if (this.flight === flight) this.flight = null;
    flight.stop.abort(calledOff());
  }

  private async obtain(signal: AbortSignal): Promise<void> {
    if ((await this.client.images.find(this.reference, signal)) !== null) {
      this.lastFailure = null;
      this.current = this.stateOf('present');
      return;
    }
    this.refuseTooEarly();
    await this.refuseOtherMachines(signal);
    signal.throwIfAborted();
    await this.pull(signal);
  }

  private refuseTooEarly(): void {
    const failure = this.lastFailure;
    const leftMs = failure === null ? 0 : failure.retryAtMs - this.now();
    if (failure === null || leftMs <= 0) return;
    this.current = this.stateOf('missing', failure.reason);
    throw new RuntimeError('image_missing', `${this.reference}: ${failure.reason}`, {
      retryAfterMs: leftMs,
    });
  }

  private async refuseOtherMachines(signal: AbortSignal): Promise<void> {
    const { arch } = await this.client.version(signal);
    const objection = this.recipe.imageObjection(arch);
    if (objection === null) return;
    this.current = this.stateOf('missing', objection);
    throw new RuntimeError('image_missing', objection);
  }

  private async pull(signal: AbortSignal): Promise<void> {
    this.logger.log(`image ${this.reference} is missing, pulling it`);
    const report = new PullProgressReport(this.now);
    this.current = this.stateOf('pulling', null, report.last);
    this.publish('started', report.last, null);
    try {
      await this.client.images.pull(this.reference, (seen) => this.note(report, seen), signal);
    } catch (error) {
      this.pullFailed(error, report.last, signal);
      this.refuseTooEarly();
      throw error;
    }
    this.lastFailure = null;
    this.current = this.stateOf('present');
    this.publish('finished', report.last, null);
    this.logger.log(`image ${this.reference} was pulled`);
  }

  private note(report: PullProgressReport, seen: PullProgress): void {
    const due = report.note(seen);
    this.current = this.stateOf('pulling', null, seen);
    if (due.isEventDue) this.publish('progress', seen, null);
    if (due.percent === null) return;
    const total = formatSize(Math.ceil(seen.totalBytes / 1024 ** 2) * 1024 ** 2);
    this.logger.log(`image ${this.reference}: ${due.percent} % of ${total}`);
  }

  /** A pull that was ended by us, or that Docker was not there for, says nothing about the image. */
  private pullFailed(error: unknown, last: PullProgress, signal: AbortSignal): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.publish('failed', last, reason);
    if (signal.aborted || !(error instanceof RuntimeError && error.code === 'image_missing')) {
      // Another pull may have begun while this one came to its end.
      if (!signal.aborted || this.flight === null) this.current = this.stateOf('unknown');
      return;
    }
    const failures = (this.lastFailure?.failures ?? 0) + 1;
    const waitMs = Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_LONGEST_MS);
    this.lastFailure = { reason, failures, retryAtMs: this.now() + waitMs };
    this.current = this.stateOf('missing', reason);
    this.logger.warn(`image ${this.reference} cannot be pulled: ${reason}`);
  }

  private publish(
    state: 'started' | 'progress' | 'finished' | 'failed',
    { currentBytes, totalBytes }: PullProgress,
    reason: string | null,
  ): void {
    const sizes = { current_bytes: currentBytes, total_bytes: totalBytes };
    this.events.publish('image_pull', { image: this.reference, state, ...sizes, reason });
  }

  private stateOf(
    state: RuntimeImage['state'],
    reason: string | null = null,
    progress: RuntimeImage['progress'] = null,
  ): RuntimeImage {
    return { reference: this.reference, state, progress, reason };
  }
}

/** The promise, or the end of waiting for it, whichever comes first. */
async function untilAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(calledOff(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([done, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
