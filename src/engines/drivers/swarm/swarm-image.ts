import type { EventBus } from '../../../events';
import { monotonicMs } from '../../../kernel/clock';
import type { EngineRecipe } from '../containers/engine-recipe';
import type { RuntimeImage } from '../engine-runtime.port';

/** A node that has the image is done with preparing before that. */
const FETCHING_AFTER_MS = 3000;

/**
 * The image that engines are made of, as far as tasks tell: each node fetches it by itself, and says neither how
 * far it is nor, afterwards, that it has it.
 */
export class SwarmImage {
  private current: RuntimeImage;
  /** Since when (monotonic ms) which order is being prepared. */
  private readonly preparing = new Map<string, number>();

  constructor(
    private readonly recipe: Pick<EngineRecipe, 'imageReference'>,
    private readonly events: Pick<EventBus, 'publish'>,
    private readonly now: () => number = monotonicMs,
  ) {
    this.current = this.unknown();
  }

  /** Another Docker Engine may need another image: then nothing is known of that. */
  get state(): RuntimeImage {
    return this.current.reference === this.recipe.imageReference ? this.current : this.unknown();
  }

  /** A node prepares this order's container, still or again. */
  isPrepared(key: string): void {
    const since = this.preparing.get(key) ?? this.now();
    this.preparing.set(key, since);
    if (this.current.state === 'pulling' || this.now() - since < FETCHING_AFTER_MS) return;
    this.become('pulling', null);
    this.publish('started', null);
  }

  /** A container of it runs. */
  runs(key: string): void {
    this.preparing.delete(key);
    if (this.current.state === 'pulling') this.publish('finished', null);
    this.become('present', null);
  }

  isMissing(key: string, reason: string): void {
    this.preparing.delete(key);
    if (this.current.state !== 'missing') this.publish('failed', reason);
    this.become('missing', reason);
  }

  /** The order ended in a way that says nothing of the image. */
  leave(key: string): void {
    this.preparing.delete(key);
    if (this.current.state !== 'pulling' || this.preparing.size > 0) return;
    this.publish('failed', 'called off');
    this.become('unknown', null);
  }

  private unknown(): RuntimeImage {
    const { imageReference } = this.recipe;
    return { reference: imageReference, state: 'unknown', progress: null, reason: null };
  }

  private become(state: RuntimeImage['state'], reason: string | null): void {
    this.current = { reference: this.recipe.imageReference, state, progress: null, reason };
  }

  private publish(state: 'started' | 'finished' | 'failed', reason: string | null): void {
    const sizes = { current_bytes: 0, total_bytes: 0 };
    this.events.publish('image_pull', {
      image: this.recipe.imageReference,
      state,
      ...sizes,
      reason,
    });
  }
}
