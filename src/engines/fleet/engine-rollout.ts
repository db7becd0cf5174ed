import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '../../events';
import { AppError } from '../../kernel/errors';
import {
  EngineRuntime,
  type ObservedEngine,
  type RuntimeErrorCode,
} from '../drivers/engine-runtime.port';
import { EngineRegistry } from '../registry/engine-registry';
import type { RolloutCause, RolloutStatus } from './fleet.types';
import { ObservedEngines } from './observed-engines';

/** Failed starts of which the image may be the cause. The other codes concern Docker, networks, ports and names. */
const MAY_BE_THE_IMAGE: ReadonlySet<RuntimeErrorCode> = new Set([
  'engine_exited',
  'start_timeout',
  'runtime_refused',
]);

interface Run {
  readonly cause: RolloutCause;
  readonly startedAt: Date;
  /** Engines to replace when it began, and those that were added since. */
  total: number;
}

interface Stop {
  readonly cause: RolloutCause;
  /** The content whose engines do not start. */
  readonly imageId: string | null;
  readonly reason: string;
  readonly total: number;
  readonly replaced: number;
}

/**
 * Which engines are to be replaced because the content of their image has changed, or because an operator has requested
 * it. The plan of the fleet replaces them, one at a time. If an engine of a new content fails to start, the rollout
 * stops: the other engines stay, and while no engine of the new content works, further engines are created from the old
 * one.
 */
@Injectable()
export class EngineRollout {
  private readonly logger = new Logger('Fleet');
  /** Engines that an operator wants to be replaced. */
  private readonly requested = new Set<string>();
  private run: Run | null = null;
  private stop: Stop | null = null;
  /** The content to which the reference led at the last review. */
  private imageId: string | null = null;
  /** Earlier contents, which are discarded when no engine uses them. */
  private readonly replacedImages = new Set<string>();

  constructor(
    private readonly runtime: EngineRuntime,
    private readonly registry: EngineRegistry,
    private readonly observed: ObservedEngines,
    private readonly events: EventBus,
  ) {}

  get status(): RolloutStatus {
    const { run, stop } = this;
    if (run !== null) {
      const remaining = this.pending().length;
      const { cause, total, startedAt } = run;
      return {
        state: 'running',
        ...{ cause, total, startedAt, reason: null },
        replaced: Math.max(0, total - remaining),
      };
    }
    if (stop !== null) {
      const { cause, total, replaced, reason } = stop;
      return { state: 'stopped', cause, total, replaced, startedAt: null, reason };
    }
    const none = { cause: null, total: 0, replaced: 0, startedAt: null, reason: null };
    return { state: 'idle', ...none };
  }

  /** Why the engine is to be replaced; null if it is not. */
  causeFor({ id, imageId }: Pick<ObservedEngine, 'id' | 'imageId'>): RolloutCause | null {
    if (this.requested.has(id)) return 'replace_requested';
    const { present } = this;
    if (present === null || imageId === null || imageId === present) return null;
    return this.stop?.imageId === present ? null : 'image_changed';
  }

  /**
   * Requests the replacement of every engine; returns their number.
   *
   * @throws AppError `conflict` before the first listing
   */
  replaceAll(): number {
    if (!this.observed.hasListed) {
      throw new AppError('conflict', 'The engines are not known yet.');
    }
    this.retry();
    for (const { observed } of this.observed.list()) this.requested.add(observed.id);
    return this.pending().length;
  }

  /** Lets a stopped rollout begin again. */
  retry(): void {
    this.stop = null;
    this.runtime.pinImage(null);
  }

  /** Call when the start of an engine has failed, with its image; null: it was not created, so the present one. */
  startFailed(imageId: string | null, code: RuntimeErrorCode, reason: string): void {
    if (this.run === null || !MAY_BE_THE_IMAGE.has(code)) return;
    const { present } = this;
    // An engine of the old content says nothing about the new one.
    if (imageId !== null && present !== null && imageId !== present) return;
    const { cause, replaced, total } = this.status;
    this.stop = { cause: cause ?? this.run.cause, imageId: present, reason, replaced, total };
    this.run = null;
    this.requested.clear();
    const fallback = this.workingImage(present);
    if (fallback !== null) this.runtime.pinImage(fallback);
    this.logger.warn(
      `the replacement of engines was stopped, because a new engine failed to start: ${reason}`,
    );
    this.publish('stopped', this.stop.cause, total, replaced, reason);
  }

  /** Call in each reconciliation, after the listing: begins and ends rollouts. */
  review(): void {
    this.followImage();
    const present = new Set(this.observed.list().map(({ observed }) => observed.id));
    for (const id of this.requested) if (!present.has(id)) this.requested.delete(id);
    const pending = this.pending();
    const [first] = pending;
    if (first !== undefined) this.keepRunning(first.cause, pending.length);
    else if (this.run !== null) this.finish(this.run);
    this.discardImages();
  }

  /** The runtime does not know the content while it pulls a missing image; until then the last one counts. */
  private get present(): string | null {
    return this.runtime.image.id ?? this.imageId;
  }

  private keepRunning(cause: RolloutCause, remaining: number): void {
    if (this.run !== null) {
      this.run.total = Math.max(this.run.total, remaining);
      return;
    }
    this.run = { cause, total: remaining, startedAt: new Date() };
    this.logger.log(`replacing ${remaining} engines, one at a time (${cause})`);
    this.publish('started', cause, remaining, 0, null);
  }

  private finish({ cause, total }: Run): void {
    this.run = null;
    this.logger.log(`all engines were replaced (${cause})`);
    this.publish('finished', cause, total, total, null);
  }

  private followImage(): void {
    const { id, reference } = this.runtime.image;
    if (id === null || id === this.imageId) return;
    const from = this.imageId;
    this.imageId = id;
    if (this.stop !== null && this.stop.imageId !== id) this.retry();
    if (from === null) return;
    this.replacedImages.add(from);
    this.logger.log(`image ${reference} has changed: ${from} -> ${id}`);
    this.events.publish('engine_image_changed', { image: reference, from, to: id });
  }

  /** Engines to replace. One that an operator drains is left to the operator. */
  private pending(): { readonly cause: RolloutCause }[] {
    return this.observed.list().flatMap(({ observed }) => {
      const cause = this.causeFor(observed);
      const isHeld = this.registry.get(observed.id)?.drainedBy === 'operator';
      return cause === null || isHeld ? [] : [{ cause }];
    });
  }

  /** The old content of an engine that works, if no engine of the new content works. */
  private workingImage(present: string | null): string | null {
    const images = this.observed.list().flatMap(({ observed: { id, imageId } }) => {
      const works = this.registry.get(id)?.answered === true;
      return works && imageId !== null ? [imageId] : [];
    });
    if (present === null || images.includes(present)) return null;
    return images[0] ?? null;
  }

  private discardImages(): void {
    if (this.replacedImages.size === 0 || this.stop !== null) return;
    const used = new Set(this.observed.list().map(({ observed }) => observed.imageId));
    for (const id of this.replacedImages) {
      if (used.has(id)) continue;
      this.replacedImages.delete(id);
      if (id !== this.imageId) void this.runtime.discardImage(id);
    }
  }

  private publish(
    state: 'started' | 'finished' | 'stopped',
    cause: RolloutCause,
    total: number,
    replaced: number,
    reason: string | null,
  ): void {
    this.events.publish('engine_rollout_changed', { state, cause, total, replaced, reason });
  }
}
