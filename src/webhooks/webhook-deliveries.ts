import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { JobHandler, Jobs } from '../coordination';
import { AppError } from '../kernel/errors';
import {
  DataFolder,
  type DeliveryState,
  type StoredDelivery,
  WebhookDeliveryStore,
} from '../storage';
import { nextAttempt } from './next-attempt';
import { type Notice, testNotice } from './notice';
import type { Webhook } from './webhook';
import { WebhookSender } from './webhook-sender';
import { Webhooks } from './webhooks';

/** Notices that wait for one webhook. Further ones are dropped and counted. */
export const MAX_PENDING = 1000;
/** Requests to one receiver at the same time. */
const PARALLEL = 3;
/** Pause between two requests of the same row, so that a burst of events does not take the processor from viewers. */
const PACE_MS = 100;
/** A start has more urgent work. */
const AFTER_START_MS = 2_000;
const PRUNE_AFTER_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** Finished deliveries that are kept for each webhook: delivered ones and dead letters, each. */
const KEPT_COUNT = 1000;
const DELIVERED_KEPT_MS = 7 * DAY_MS;
const DEAD_KEPT_MS = 30 * DAY_MS;

/** A notice for one webhook. */
export interface Delivery extends StoredDelivery {
  readonly notice: Notice;
}

interface Queue {
  /** In the order of creation. */
  readonly pending: Map<string, Delivery>;
  readonly inFlight: Set<string>;
  workers: number;
  /** The receiver asked for no requests until then. */
  pausedUntilMs: number;
  isFull: boolean;
}

/**
 * The notices that wait for their receivers, and the log of those that are finished. What waits is in memory and in the
 * database; a job for each webhook sends what is due.
 */
@Injectable()
export class WebhookDeliveries implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Webhooks');
  private readonly store: WebhookDeliveryStore;
  private readonly queues = new Map<string, Queue>();
  private readonly closing = new AbortController();
  private isPruneScheduled = false;

  constructor(
    folder: DataFolder,
    private readonly webhooks: Webhooks,
    private readonly sender: WebhookSender,
    private readonly jobs: Jobs,
  ) {
    this.store = new WebhookDeliveryStore(folder);
    webhooks.onChange((id) => this.webhookChanged(id));
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.webhooks.list().length === 0) return;
    for (const stored of await this.store.listPending()) {
      if (this.webhooks.find(stored.webhookId) === null) continue;
      this.queueOf(stored.webhookId).pending.set(stored.id, stored as Delivery);
    }
    for (const id of this.queues.keys()) this.schedule(id, AFTER_START_MS);
    this.pruneLater();
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort(new Error('the process is ending'));
    await this.store.close();
  }

  /** Sends a notice soon. */
  add({ id: webhookId, name }: Webhook, notice: Notice): void {
    const queue = this.queueOf(webhookId);
    if (queue.pending.size >= MAX_PENDING) {
      if (!queue.isFull) {
        const line = `webhook "${name}": ${MAX_PENDING} notices are waiting; further ones are dropped`;
        this.logger.warn({ webhook_id: webhookId }, line);
      }
      queue.isFull = true;
      this.webhooks.noteDropped(webhookId);
      return;
    }
    this.enqueue(newDelivery(webhookId, notice));
  }

  pendingCount(webhookId: string): number {
    return this.queues.get(webhookId)?.pending.size ?? 0;
  }

  /** The number of dead letters of each webhook that has some. @throws DatabaseError */
  countDead(): Promise<ReadonlyMap<string, number>> {
    return this.store.countDead();
  }

  /**
   * The newest deliveries first.
   *
   * @param before position of the last delivery that the caller knows; null for the first page
   * @returns the deliveries and the position for the next page; null if there is none
   * @throws AppError `not_found`
   */
  async list(
    webhookId: string,
    state: DeliveryState | null,
    before: number | null,
    limit: number,
  ): Promise<{ readonly deliveries: readonly Delivery[]; readonly next: number | null }> {
    this.webhooks.get(webhookId);
    const found = await this.store.list({ webhookId, state, before, limit: limit + 1 });
    const page = found.slice(0, limit);
    return {
      deliveries: page.map(({ delivery }) => delivery as Delivery),
      next: found.length > limit ? (page.at(-1)?.position ?? null) : null,
    };
  }

  /** Sends a test notice now, once, also if the webhook is disabled. @throws AppError `not_found`, `conflict` */
  async test(webhookId: string): Promise<Delivery> {
    const webhook = this.webhooks.get(webhookId);
    if (webhook.url === '') throw new AppError('conflict', 'The webhook has no address.');
    const notice = testNotice(webhookId, new Date().toISOString());
    const delivery = newDelivery(webhookId, notice);
    const tested = await this.attempt(
      { ...webhook, maxAttempts: 1 },
      delivery,
      this.closing.signal,
    );
    if (tested === null) throw new AppError('shutting_down', 'The process is about to end.');
    this.store.put(tested);
    this.pruneLater();
    return tested;
  }

  /** Sends a finished delivery again. @throws AppError `not_found`, `conflict` */
  async replay(webhookId: string, id: string): Promise<Delivery> {
    const found = await this.store.get(webhookId, id);
    this.mustBeEnabled(webhookId);
    if (found === null) throw new AppError('not_found', 'There is no such delivery.');
    const { pending } = this.queueOf(webhookId);
    if (pending.has(id)) throw new AppError('conflict', 'The delivery is waiting already.');
    if (pending.size >= MAX_PENDING) {
      throw new AppError('conflict', `There are already ${MAX_PENDING} notices waiting.`);
    }
    return this.enqueue(renewed(found as Delivery));
  }

  /** Sends all dead letters again, as far as the queue has room. Returns their number. @throws as `replay` */
  async replayDead(webhookId: string): Promise<number> {
    const query = { webhookId, state: 'dead', before: null, limit: MAX_PENDING } as const;
    const found = await this.store.list(query);
    this.mustBeEnabled(webhookId);
    const { pending } = this.queueOf(webhookId);
    const dead = found
      .map(({ delivery }) => delivery as Delivery)
      .filter(({ id }) => !pending.has(id))
      .slice(0, MAX_PENDING - pending.size)
      .reverse();
    for (const delivery of dead) this.enqueue(renewed(delivery));
    return dead.length;
  }

  @JobHandler('webhook.deliver')
  async deliver({ webhookId }: { readonly webhookId: string }, signal: AbortSignal): Promise<void> {
    const queue = this.queues.get(webhookId);
    if (queue === undefined) return;
    const free = PARALLEL - queue.workers;
    await Promise.all(Array.from({ length: free }, () => this.work(webhookId, queue, signal)));
  }

  @JobHandler('webhook.prune')
  prune(): void {
    this.isPruneScheduled = false;
    const nowMs = Date.now();
    this.store.prune({
      count: KEPT_COUNT,
      deliveredSinceMs: nowMs - DELIVERED_KEPT_MS,
      deadSinceMs: nowMs - DEAD_KEPT_MS,
    });
  }

  /** Sends one notice after the other until none is due. */
  private async work(webhookId: string, queue: Queue, signal: AbortSignal): Promise<void> {
    queue.workers += 1;
    try {
      for (let due = this.takeDue(webhookId, queue); due !== null;) {
        const after = await this.attempt(due.webhook, due.delivery, signal);
        queue.inFlight.delete(due.delivery.id);
        // The process ends: the delivery is made after the next start.
        if (after === null) return;
        this.keep(queue, after);
        await delay(PACE_MS, undefined, { signal }).catch(() => undefined);
        due = signal.aborted ? null : this.takeDue(webhookId, queue);
      }
    } finally {
      queue.workers -= 1;
      if (!signal.aborted) this.schedule(webhookId);
    }
  }

  private takeDue(
    webhookId: string,
    { pending, inFlight, pausedUntilMs }: Queue,
  ): { readonly webhook: Webhook; readonly delivery: Delivery } | null {
    const webhook = this.webhooks.find(webhookId);
    const nowMs = Date.now();
    if (webhook?.isEnabled !== true || nowMs < pausedUntilMs) return null;
    for (const delivery of pending.values()) {
      if (inFlight.has(delivery.id) || (delivery.nextAttemptAtMs ?? 0) > nowMs) continue;
      inFlight.add(delivery.id);
      return { webhook, delivery };
    }
    return null;
  }

  /** Returns the delivery after an attempt; null if the process ends meanwhile. */
  private async attempt(
    webhook: Webhook,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<Delivery | null> {
    const { id, maxAttempts } = webhook;
    const result = await this.sender.send(webhook, delivery.id, delivery.notice, signal);
    if (signal.aborted && result.fault !== null) return null;
    const attempts = delivery.attempts + 1;
    const { status, fault, durationMs } = result;
    const tried = { ...delivery, attempts, status, fault, durationMs };
    const next = nextAttempt(result, attempts, maxAttempts, Math.random());
    this.webhooks.noteAttempt(id, fault);
    const nowMs = Date.now();
    if (next.kind === 'retry') {
      // Undefined if the webhook was removed meanwhile.
      const queue = this.queues.get(id);
      if (queue !== undefined) {
        queue.pausedUntilMs = Math.max(queue.pausedUntilMs, nowMs + next.pauseMs);
      }
      return { ...tried, nextAttemptAtMs: nowMs + next.delayMs };
    }
    if (next.isGone && this.webhooks.find(id)?.url === webhook.url) {
      await this.webhooks.disable(id, 'gone');
    }
    const state = next.isDelivered ? 'delivered' : 'dead';
    return { ...tried, state, nextAttemptAtMs: null, finishedAtMs: nowMs };
  }

  private keep(queue: Queue, delivery: Delivery): void {
    // The webhook was removed meanwhile.
    if (this.queues.get(delivery.webhookId) !== queue) return;
    this.store.put(delivery);
    if (delivery.state === 'pending') {
      queue.pending.set(delivery.id, delivery);
      return;
    }
    queue.pending.delete(delivery.id);
    queue.isFull = false;
    this.pruneLater();
  }

  private enqueue(delivery: Delivery): Delivery {
    const queue = this.queueOf(delivery.webhookId);
    queue.pending.set(delivery.id, delivery);
    this.store.put(delivery);
    // Nothing else can be due sooner, so a burst need not look through the queue each time.
    this.scheduleAt(delivery.webhookId, queue, delivery.nextAttemptAtMs ?? 0);
    return delivery;
  }

  /** Schedules the job for what is due next. */
  private schedule(webhookId: string, minDelayMs = 0): void {
    const queue = this.queues.get(webhookId);
    if (queue === undefined) return;
    let nextMs = Infinity;
    for (const { id, nextAttemptAtMs } of queue.pending.values()) {
      if (!queue.inFlight.has(id)) nextMs = Math.min(nextMs, nextAttemptAtMs ?? 0);
    }
    if (nextMs < Infinity) this.scheduleAt(webhookId, queue, nextMs, minDelayMs);
  }

  private scheduleAt(webhookId: string, queue: Queue, atMs: number, minDelayMs = 0): void {
    if (this.webhooks.find(webhookId)?.isEnabled !== true) return;
    const waitMs = Math.max(atMs, queue.pausedUntilMs) - Date.now();
    // After a step of the wall clock, the job finds nothing due and is scheduled again.
    const delayMs = Math.min(Math.max(waitMs, minDelayMs), DAY_MS);
    this.jobs.schedule(
      { name: 'webhook.deliver', id: webhookId, data: { webhookId } },
      { delayMs },
    );
  }

  /** A receiver that was corrected gets what is waiting at once. */
  private webhookChanged(id: string): void {
    const queue = this.queues.get(id);
    if (queue === undefined) return;
    if (this.webhooks.find(id) === null) {
      this.queues.delete(id);
      this.jobs.cancel('webhook.deliver', id);
      this.pruneLater();
      return;
    }
    queue.pausedUntilMs = 0;
    for (const delivery of queue.pending.values()) {
      queue.pending.set(delivery.id, { ...delivery, nextAttemptAtMs: Date.now() });
    }
    this.schedule(id);
  }

  private pruneLater(): void {
    if (this.isPruneScheduled) return;
    this.isPruneScheduled = true;
    const job = { name: 'webhook.prune', id: 'all', data: {} } as const;
    this.jobs.schedule(job, { delayMs: PRUNE_AFTER_MS });
  }

  /** @throws AppError `not_found`, `conflict` */
  private mustBeEnabled(webhookId: string): void {
    if (this.webhooks.get(webhookId).isEnabled) return;
    throw new AppError('conflict', 'The webhook is disabled; enable it first.');
  }

  private queueOf(webhookId: string): Queue {
    const known = this.queues.get(webhookId);
    if (known !== undefined) return known;
    const queue: Queue = {
      ...{ pending: new Map(), inFlight: new Set(), workers: 0 },
      ...{ pausedUntilMs: 0, isFull: false },
    };
    this.queues.set(webhookId, queue);
    return queue;
  }
}

function newDelivery(webhookId: string, notice: Notice): Delivery {
  const nowMs = Date.now();
  return {
    id: `msg_${randomBytes(12).toString('hex')}`,
    ...{ webhookId, state: 'pending', notice, createdAtMs: nowMs, attempts: 0 },
    ...{ nextAttemptAtMs: nowMs, finishedAtMs: null, status: null, fault: null, durationMs: null },
  };
}

/** The delivery, to be sent again with the same id. */
function renewed(delivery: Delivery): Delivery {
  return {
    ...delivery,
    ...{ state: 'pending', attempts: 0, nextAttemptAtMs: Date.now(), finishedAtMs: null },
  };
}
