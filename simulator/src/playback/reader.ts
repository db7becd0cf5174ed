import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { PACKET_BYTES } from '../media/ts-packet';
import type { Timeline } from '../media/timeline';
import type { EngineSession, SessionReader } from '../sessions';
import type { BodyWriter } from './body-writer';
import type { Paced, Pacer } from './pacer';
import type { PlaybackEvent, PlaybackPlan, TimedEvent } from './playback-plan';

export interface ReaderSurroundings {
  readonly pacer: Pacer;
  /** Ends the session for the API while its reader goes on. */
  readonly steal: (session: EngineSession) => void;
  readonly crash: (code: number) => void;
  readonly onClose: (reader: Reader) => void;
}

const BATCH_PACKETS = 700;
/** More than this waiting in the process: the client is slow, its position waits. */
const HIGH_WATER_BYTES = 512 * 1024;
/** The least a content is read ahead of a looped-back passage. */
const MIN_LOOP_PACKETS = 100;

/** One connection that receives a broadcast: first a piece of the past at once, then in step with the clock. */
export class Reader implements Paced, SessionReader {
  private readonly openedAt = performance.now();
  private readonly openedUnixMs = Date.now();
  private position: number;
  private readonly pending: TimedEvent[];
  private held: Buffer | null = null;
  private sent = 0;
  private damaged = 0;
  private state: 'feeding' | 'stalled' | 'frozen' | 'closed' = 'feeding';
  private resume: NodeJS.Timeout | null = null;
  private notBefore = 0;
  private shiftTicks = 0;
  private loop: { from: number; length: number } | null = null;

  constructor(
    readonly session: EngineSession,
    private readonly timeline: Timeline,
    private readonly socket: Socket,
    private readonly body: BodyWriter,
    private readonly plan: PlaybackPlan,
    private readonly surroundings: ReaderSurroundings,
  ) {
    const backMs =
      plan.burstBytes === null
        ? session.content.settings.burstSeconds * 1000
        : timeline.timeOf(Math.ceil(plan.burstBytes / PACKET_BYTES));
    this.position = timeline.numberAt(this.openedUnixMs - backMs);
    this.notBefore = this.openedAt + plan.dataAfterMs;
    this.pending = [...plan.events];
    session.readers.add(this);
    socket.on('drain', () => this.pump());
    socket.once('close', () => this.leave());
    surroundings.pacer.add(this);
    this.pump();
  }

  pump(): void {
    this.fireTimed();
    const now = performance.now();
    if (this.state !== 'feeding' || this.plan.noData || now < this.notBefore) return;
    if (this.held) {
      const held = this.held;
      this.held = null;
      this.send(held);
    }
    while (this.isFeeding() && this.socket.writableLength < HIGH_WATER_BYTES) {
      const count = Math.min(this.onAir() - this.position, BATCH_PACKETS);
      if (count <= 0) break;
      const data = this.take(count);
      const damaged = this.plan.damages.reduce((sum, damage) => damage(sum, this.damaged), data);
      this.damaged += data.length;
      this.send(damaged);
    }
    if (this.plan.jitterMs > 0) this.notBefore = now + Math.random() * this.plan.jitterMs;
  }

  end(): void {
    if (this.state === 'closed') return;
    this.leave();
    this.body.end();
    // A client that does not read its buffered rest would keep the connection for ever.
    setTimeout(() => this.socket.destroy(), 2000).unref();
  }

  reset(): void {
    this.leave();
    this.socket.resetAndDestroy();
  }

  freeze(): void {
    if (this.state !== 'closed') this.state = 'frozen';
  }

  stall(resumeAfterMs: number | null): void {
    if (this.state !== 'feeding') return;
    this.state = 'stalled';
    if (resumeAfterMs !== null) this.resume = setTimeout(() => this.goOn(), resumeAfterMs);
  }

  goOn(): void {
    if (this.state === 'closed') return;
    this.state = 'feeding';
    this.pump();
  }

  /** Half a packet, then the end. */
  cut(how: 'end' | 'reset' | 'freeze'): void {
    const rest = this.sent % PACKET_BYTES;
    if (rest === 0 && this.isFeeding()) this.body.write(this.take(1).subarray(0, 94));
    this.apply({ kind: how });
  }

  apply(event: PlaybackEvent): void {
    switch (event.kind) {
      case 'stall':
        this.stall(event.resumeAfterMs);
        break;
      case 'end':
        this.end();
        break;
      case 'reset':
        this.reset();
        break;
      case 'freeze':
        this.freeze();
        break;
      case 'steal':
        this.surroundings.steal(this.session);
        this.apply({ kind: event.how });
        break;
      case 'pcr_jump':
        this.shiftTicks += Math.round(event.seconds * 90_000);
        break;
      case 'loop_back': {
        const length = this.timeline.numberAt(event.seconds * 1000);
        this.loop = { from: this.position, length: Math.max(MIN_LOOP_PACKETS, length) };
        break;
      }
      case 'crash':
        this.surroundings.crash(event.code);
        break;
    }
  }

  /** Media bytes handed to the connection. */
  get bytes(): number {
    return this.sent;
  }

  private isFeeding(): boolean {
    return this.state === 'feeding';
  }

  /** Number of the first packet that this reader may not have yet. */
  private onAir(): number {
    const now = Date.now();
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
    const now = at === null ? data : data.subarray(0, Math.max(0, at - this.sent));
    const rest = data.subarray(now.length);
    if (now.length > 0) {
      this.body.write(now);
      this.sent += now.length;
      this.session.bytes += now.length;
      this.session.touch();
    }
    if (at === null || this.sent < at) return;
    this.fireAtBytes();
    if (rest.length === 0) return;
    if (this.isFeeding()) this.send(rest);
    else this.held = rest;
  }

  private nextByteMark(): number | null {
    const marks = this.pending.flatMap((timed) => timed.atBytes ?? []);
    return marks.length === 0 ? null : Math.min(...marks);
  }

  private fireAtBytes(): void {
    this.fire((timed) => timed.atBytes !== null && this.sent >= timed.atBytes);
  }

  private fireTimed(): void {
    const elapsed = performance.now() - this.openedAt;
    this.fire((timed) => timed.atMs !== null && elapsed >= timed.atMs);
  }

  private fire(isDue: (timed: TimedEvent) => boolean): void {
    for (const timed of this.pending.filter(isDue)) {
      this.pending.splice(this.pending.indexOf(timed), 1);
      this.apply(timed.event);
    }
  }

  private leave(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    if (this.resume) clearTimeout(this.resume);
    this.surroundings.pacer.remove(this);
    this.session.readers.delete(this);
    this.session.touch();
    this.surroundings.onClose(this);
  }
}
