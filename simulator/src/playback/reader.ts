import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { PACKET_BYTES } from '../media/ts-packet';
import type { Timeline } from '../media/timeline';
import type { EngineSession } from '../sessions';
import type { BodyWriter } from './body-writer';
import { Delivery, type BroadcastEvent, type DeliveryContext } from './delivery';
import type { Paced, Pacer } from './pacer';
import type { PlaybackPlan } from './playback-plan';

export interface ReaderContext extends DeliveryContext {
  readonly pacer: Pacer;
}

const BATCH_PACKETS = 700;
/** With more queued bytes than this the client is slow, and its position waits. */
const HIGH_WATER_BYTES = 512 * 1024;
/** Minimum number of bytes read before a repeated passage. */
const MIN_LOOP_PACKETS = 100;

/** One connection that receives a broadcast: first past media at once, then media at the rate of the clock. */
export class Reader extends Delivery implements Paced {
  private readonly openedAt = performance.now();
  private readonly openedUnixMs = Date.now();
  /** Length of the past media that are sent first. */
  private readonly backMs: number;
  private position: number;
  private held: Buffer | null = null;
  private damaged = 0;
  private notBefore = 0;
  private shiftTicks = 0;
  private loop: { from: number; length: number } | null = null;
  private readonly pacer: Pacer;

  constructor(
    session: EngineSession,
    private readonly timeline: Timeline,
    socket: Socket,
    private readonly body: BodyWriter,
    private readonly plan: PlaybackPlan,
    context: ReaderContext,
  ) {
    super(session, socket, plan.events, context);
    this.pacer = context.pacer;
    this.backMs =
      plan.burstBytes === null
        ? session.content.settings.burstSeconds * 1000
        : timeline.timeOf(Math.ceil(plan.burstBytes / PACKET_BYTES));
    this.position = timeline.numberAt(this.openedUnixMs - this.backMs);
    this.notBefore = this.openedAt + plan.dataAfterMs;
    this.pacer.add(this);
    this.pump();
  }

  pump(): void {
    this.fireTimed();
    const now = performance.now();
    if (!this.isFeeding() || this.plan.noData || now < this.notBefore) return;
    if (this.held) {
      const held = this.held;
      this.held = null;
      this.send(held);
    }
    while (this.isFeeding() && this.socket.writableLength < HIGH_WATER_BYTES) {
      const count = Math.min(this.onAir() - this.position, BATCH_PACKETS);
      if (count <= 0) break;
      const first = this.position;
      const data = this.take(count);
      const dueMs = (index: number): number => this.timeline.timeOf(first + index);
      const damaged = this.plan.damages.reduce(
        (sum, damage) => damage(sum, this.damaged, dueMs),
        data,
      );
      this.damaged += data.length;
      this.send(damaged);
    }
    if (this.plan.jitterMs > 0) this.notBefore = now + Math.random() * this.plan.jitterMs;
  }

  /** Sends half a packet, then the end. */
  cut(how: 'end' | 'reset' | 'freeze'): void {
    const rest = this.bytes % PACKET_BYTES;
    if (rest === 0 && this.isFeeding()) this.body.write(this.take(1).subarray(0, 94));
    this.apply({ kind: how });
  }

  protected endBody(): void {
    this.body.end();
  }

  protected release(): void {
    this.pacer.remove(this);
  }

  protected alter(event: BroadcastEvent): void {
    if (event.kind === 'pcr_jump') {
      this.shiftTicks += Math.round(event.seconds * 90_000);
      return;
    }
    const length = this.timeline.numberAt(event.seconds * 1000);
    this.loop = { from: this.position, length: Math.max(MIN_LOOP_PACKETS, length) };
  }

  /** Number of the first packet that this reader must not get yet. */
  private onAir(): number {
    const now = Date.now();
    const { burstPace } = this.plan;
    if (burstPace !== Infinity) {
      const come = (now - this.openedUnixMs) * burstPace - this.backMs;
      return this.timeline.numberAt(Math.min(now, this.openedUnixMs + come));
    }
    if (this.plan.rate === 1) return this.timeline.numberAt(now);
    return this.timeline.numberAt(this.openedUnixMs + (now - this.openedUnixMs) * this.plan.rate);
  }

  /** The next packets; while the last minute is repeated, at most up to the end of the repetition. */
  private take(wanted: number): Buffer {
    let first = this.position;
    let count = wanted;
    if (this.loop) {
      const within = (this.position - this.loop.from) % this.loop.length;
      first = this.loop.from - this.loop.length + within;
      count = Math.min(count, this.loop.length - within);
    }
    this.position += count;
    return this.timeline.render(first, count, this.shiftTicks);
  }

  private send(data: Buffer): void {
    const at = this.nextByteMark();
    const now = at === null ? data : data.subarray(0, Math.max(0, at - this.bytes));
    const rest = data.subarray(now.length);
    if (now.length > 0) {
      this.body.write(now);
      this.countSent(now.length);
    }
    if (at === null || this.bytes < at) return;
    this.fireAtBytes();
    if (rest.length === 0) return;
    if (this.isFeeding()) this.send(rest);
    else this.held = rest;
  }

  private fireTimed(): void {
    const elapsed = performance.now() - this.openedAt;
    this.fire(({ atMs }) => atMs !== null && elapsed >= atMs);
  }
}
