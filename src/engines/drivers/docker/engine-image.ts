import { Logger } from '@nestjs/common';
import type { EventBus } from '../../../events';
import { monotonicMs } from '../../../kernel/clock';
import { formatSize } from '../../../kernel/units';
import type { EngineRecipe } from '../containers/engine-recipe';
import { asRequestFailure, requestCancelled } from '../containers/failed-requests';
import { RuntimeError, type RuntimeImage } from '../engine-runtime.port';
import type { DockerClient, PullProgress } from '../docker-client';
import { PullReport } from './pull-report';

/** After a failed pull, the registry is not asked again for this time. It doubles with each further failure. */
const RETRY_FIRST_MS = 15_000;
const RETRY_LONGEST_MS = 5 * 60_000;

/** The last pull that failed. */
interface PullFailure {
  readonly reason: string;
  readonly failures: number;
  /** Monotonic. */
  readonly retryAtMs: number;
}

export type ImageClient = Pick<DockerClient, 'version'> & {
  readonly images: Pick<DockerClient['images'], 'has' | 'pull'>;
};

/**
 * The image of the engines. It is checked before each engine, because anybody may remove it, and pulled when it is
 * missing.
 */
export class EngineImage {
  private readonly logger = new Logger(EngineImage.name);
  private current: RuntimeImage;
  /** The running check, which pulls the image if it is missing. All requests that arrive meanwhile wait for it. */
  private check: Promise<void> | null = null;
  private lastFailure: PullFailure | null = null;

  constructor(
    private readonly client: ImageClient,
    private readonly recipe: Pick<EngineRecipe, 'imageReference' | 'imageObjection'>,
    private readonly events: Pick<EventBus, 'publish'>,
    private readonly now: () => number = monotonicMs,
  ) {
    this.current = this.stateOf('unknown');
  }

  /** After a change of the Docker Engine another image may be needed, about which nothing is known. */
  get state(): RuntimeImage {
    return this.current.reference === this.reference ? this.current : this.stateOf('unknown');
  }

  /**
   * Returns when the image is present. A pull ends when the signal of the request that began it fires: the signals of all
   * requests fire together, when the process ends.
   *
   * @throws RuntimeError `image_missing` with the registry's reason; at once while the last failed pull is recent
   */
  async ensure(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw requestCancelled(signal.reason);
    this.check ??= this.obtain(signal).finally(() => (this.check = null));
    try {
      await this.check;
    } catch (error) {
      throw asRequestFailure(error, signal);
    }
  }

  private get reference(): string {
    return this.recipe.imageReference;
  }

  private async obtain(signal: AbortSignal): Promise<void> {
    if (await this.client.images.has(this.reference, signal)) {
      this.lastFailure = null;
      this.current = this.stateOf('present');
      return;
    }
    this.refuseRecentFailure();
    await this.refuseWrongArchitecture(signal);
    signal.throwIfAborted();
    await this.pull(signal);
  }

  private refuseRecentFailure(): void {
    const failure = this.lastFailure;
    const leftMs = failure === null ? 0 : failure.retryAtMs - this.now();
    if (failure === null || leftMs <= 0) return;
    this.current = this.stateOf('missing', failure.reason);
    throw new RuntimeError('image_missing', `${this.reference}: ${failure.reason}`, {
      retryAfterMs: leftMs,
    });
  }

  private async refuseWrongArchitecture(signal: AbortSignal): Promise<void> {
    const { arch } = await this.client.version(signal);
    const objection = this.recipe.imageObjection(arch);
    if (objection === null) return;
    this.current = this.stateOf('missing', objection);
    throw new RuntimeError('image_missing', objection);
  }

  private async pull(signal: AbortSignal): Promise<void> {
    this.logger.log(`image ${this.reference} is missing, pulling it`);
    const report = new PullReport(this.now);
    this.current = this.stateOf('pulling', null, report.last);
    this.publish('started', report.last, null);
    try {
      await this.client.images.pull(
        this.reference,
        (progress) => this.note(report, progress),
        signal,
      );
    } catch (error) {
      this.pullFailed(error, report.last, signal);
      this.refuseRecentFailure();
      throw error;
    }
    this.lastFailure = null;
    this.current = this.stateOf('present');
    this.publish('finished', report.last, null);
    this.logger.log(`image ${this.reference} was pulled`);
  }

  private note(report: PullReport, progress: PullProgress): void {
    const due = report.note(progress);
    this.current = this.stateOf('pulling', null, progress);
    if (due.isEventDue) this.publish('progress', progress, null);
    if (due.percent === null) return;
    const total = formatSize(Math.ceil(progress.totalBytes / 1024 ** 2) * 1024 ** 2);
    this.logger.log(`image ${this.reference}: ${due.percent} % of ${total}`);
  }

  /** A pull that was aborted, or during which Docker did not answer, says nothing about the image. */
  private pullFailed(error: unknown, last: PullProgress, signal: AbortSignal): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.publish('failed', last, reason);
    if (signal.aborted || !(error instanceof RuntimeError && error.code === 'image_missing')) {
      this.current = this.stateOf('unknown');
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
