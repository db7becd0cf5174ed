import type { EventBus } from '../../../events';
import { monotonicMs } from '../../../kernel/clock';
import type { EngineRecipe } from '../containers/engine-recipe';
import type { DockerClient } from '../docker-client';
import type { ObservedEngine, RuntimeImage } from '../engine-runtime.port';

/** A node that has the image finishes preparing within this time. */
const FETCHING_AFTER_MS = 3000;

/**
 * The image of the engines, as far as the states of tasks show it: each node pulls the image itself and reports neither
 * its progress nor the end. Its id is the reference with the registry's digest, from which services are created, so that
 * all nodes use the same content. Without a registry that answers, the digest is unknown, and so is the content.
 */
export class SwarmImage {
  private current: RuntimeImage;
  /** By request: since when (monotonic ms) a node prepares its container. */
  private readonly preparing = new Map<string, number>();
  private pinnedId: string | null = null;

  constructor(
    private readonly images: Pick<DockerClient['images'], 'digest'>,
    private readonly recipe: Pick<EngineRecipe, 'imageReference'>,
    private readonly events: Pick<EventBus, 'publish'>,
    private readonly now: () => number = monotonicMs,
  ) {
    this.current = this.unknown();
  }

  /** After a change of the Docker Engine another image may be needed, about which nothing is known. */
  get state(): RuntimeImage {
    return this.current.reference === this.recipe.imageReference ? this.current : this.unknown();
  }

  /** What services are created from. */
  get source(): string {
    return this.pinnedId ?? this.state.id ?? this.recipe.imageReference;
  }

  pin(id: string | null): void {
    this.pinnedId = id;
  }

  /** @throws RuntimeError `image_missing` with the registry's reason; `docker_unavailable` */
  async refresh(signal: AbortSignal): Promise<void> {
    const { imageReference } = this.recipe;
    // A reference with a digest always leads to the same content.
    if (imageReference.includes('@')) return;
    const digest = await this.images.digest(imageReference, signal);
    this.learn(`${imageReference}@${digest}`);
  }

  /**
   * Adopts the newest content of the engines, so that after a restart of acefleet only a refresh changes it.
   *
   * @param engines as listed
   */
  adopt(engines: readonly Pick<ObservedEngine, 'imageId' | 'createdAt'>[]): void {
    if (this.state.id !== null) return;
    const prefix = `${this.recipe.imageReference}@`;
    const newest = engines
      .filter(({ imageId }) => imageId?.startsWith(prefix) === true)
      .reduce<Pick<ObservedEngine, 'imageId' | 'createdAt'> | null>(
        (found, one) => (found === null || one.createdAt > found.createdAt ? one : found),
        null,
      );
    if (newest !== null && newest.imageId !== null) this.learn(newest.imageId);
  }

  /** Images on nodes are left to the operators of the nodes. */
  discard(): Promise<void> {
    return Promise.resolve();
  }

  private learn(id: string): void {
    this.current = { ...this.state, id };
  }

  /** Call when a node prepares the container of this request. May be called repeatedly. */
  onPreparing(key: string): void {
    const since = this.preparing.get(key) ?? this.now();
    this.preparing.set(key, since);
    if (this.current.state === 'pulling' || this.now() - since < FETCHING_AFTER_MS) return;
    this.setState('pulling', null);
    this.publish('started', null);
  }

  /** Call when the container of this request runs. */
  onRunning(key: string): void {
    this.preparing.delete(key);
    if (this.current.state === 'pulling') this.publish('finished', null);
    this.setState('present', null);
  }

  onMissing(key: string, reason: string): void {
    this.preparing.delete(key);
    if (this.current.state !== 'missing') this.publish('failed', reason);
    this.setState('missing', reason);
  }

  /** Call when the request ended in a way that says nothing about the image. */
  onEnded(key: string): void {
    this.preparing.delete(key);
    if (this.current.state !== 'pulling' || this.preparing.size > 0) return;
    this.publish('failed', 'cancelled');
    this.setState('unknown', null);
  }

  private unknown(): RuntimeImage {
    const { imageReference } = this.recipe;
    return { reference: imageReference, id: null, state: 'unknown', progress: null, reason: null };
  }

  private setState(state: RuntimeImage['state'], reason: string | null): void {
    this.current = { ...this.state, state, reason };
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
