import { Logger } from '@nestjs/common';
import type { EventBus } from '../../../events';
import { monotonicMs } from '../../../kernel/clock';
import { AsyncMemo } from '../../../kernel/async-memo';
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
  readonly images: Pick<DockerClient['images'], 'find' | 'pull' | 'remove'>;
};

/**
 * The image of the engines. It is checked before each engine, because anybody may remove it, and pulled when it is
 * missing. Its id is that of the content to which the reference leads on the Docker Engine, whoever pulled it.
 */
export class EngineImage {
  private readonly logger = new Logger(EngineImage.name);
  private current: RuntimeImage;
  /** The running check, which pulls the image if it is missing. All requests that arrive meanwhile wait for it. */
  private check: Promise<void> | null = null;
  private lastFailure: PullFailure | null = null;
  private id: string | null = null;
  private pinnedId: string | null = null;
  private readonly look = new AsyncMemo(() => this.lookUp());

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

  /** What engines are created from: the reference, or the content that is pinned. */
  get source(): string {
    return this.pinnedId ?? this.reference;
  }

  /** Returns when the id is known, if the image is present. A later call asks again only after `forget`. */
  async known(): Promise<void> {
    // A proxy in front of Docker may refuse the call; then nothing is known.
    await this.look.get().catch(() => undefined);
  }

  /** Call when another Docker Engine may answer from now on. */
  forget(): void {
    this.look.forget();
  }

  pin(id: string | null): void {
    this.pinnedId = id;
  }

  /**
   * Pulls the image although it is present. Requests for engines do not wait for that.
   *
   * @throws RuntimeError `image_missing` with the registry's reason; `docker_unavailable`
   */
  async refresh(signal: AbortSignal): Promise<void> {
    const found = await this.client.images.find(this.reference, signal);
    if (found === null) return this.ensure(signal);
    const report = new PullReport(this.now);
    this.publish('started', report.last, null);
    try {
      await this.client.images.pull(
        this.reference,
        (progress) => this.note(report, progress),
        signal,
      );
    } catch (error) {
      this.publish('failed', report.last, error instanceof Error ? error.message : String(error));
      throw asRequestFailure(error, signal);
    }
    await this.lookUp(signal);
    this.publish('finished', report.last, null);
  }

  async discard(id: string): Promise<void> {
    try {
      const found = await this.client.images.find(id);
      // By its id Docker would also remove an image to which the operator has given another name.
      if (found === null || (found.RepoTags ?? []).length > 0) return;
      await this.client.images.remove(id);
      this.logger.log(`image ${id} was removed: no engine uses it any more`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.logger.debug(`image ${id} was not removed: ${why}`);
    }
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
    if (this.pinnedId !== null) {
      if ((await this.client.images.find(this.pinnedId, signal)) !== null) return;
      this.pinnedId = null;
    }
    if (await this.lookUp(signal)) return;
    this.refuseRecentFailure();
    await this.refuseWrongArchitecture(signal);
    signal.throwIfAborted();
    await this.pull(signal);
  }

  /** True when the image is present. */
  private async lookUp(signal?: AbortSignal): Promise<boolean> {
    const found = await this.client.images.find(this.reference, signal);
    if (found === null) return false;
    this.lastFailure = null;
    this.id = found.Id;
    this.current = this.stateOf('present');
    return true;
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
    await this.lookUp(signal);
    this.publish('finished', report.last, null);
    this.logger.log(`image ${this.reference} was pulled`);
  }

  private note(report: PullReport, progress: PullProgress): void {
    const due = report.note(progress);
    if (this.current.state === 'pulling') this.current = this.stateOf('pulling', null, progress);
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
    const id = state === 'present' ? this.id : null;
    return { reference: this.reference, id, state, progress, reason };
  }
}
