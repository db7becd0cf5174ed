import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';
import type { Viewer } from './viewer';

/** Serves one viewer of one stream up to `maxBytes`; true when it wants to be served again. */
export interface CatchUpSource {
  serve(viewer: Viewer, maxBytes: number): boolean;
  /** Serving threw: the stream is broken, the others are not. */
  fault(error: unknown): void;
}

interface Entry {
  readonly source: CatchUpSource;
  readonly viewer: Viewer;
}

const BYTES_PER_TURN = 256 * 1024;
const TURN_MS = 10;

/**
 * Feeds the viewers of all streams that are behind the head: those that just joined, and the slow ones.
 *
 * One queue for the whole process, because there is one event loop: at most 10 ms per turn, at most 256 KiB
 * per viewer and turn, `setImmediate` between turns. Viewers at the live edge are served in between, so two
 * hundred viewers that join at once do not delay them. Viewers without a byte yet go first: a first picture
 * matters more than a full buffer.
 */
@Injectable()
export class BacklogScheduler implements OnModuleDestroy {
  /** Viewers on sockets, of all streams: what a round of writes costs the one event loop. Kept by the fan-outs. */
  attached = 0;
  private fresh: Entry[] = [];
  private waiting: Entry[] = [];
  private immediate: NodeJS.Immediate | null = null;

  enqueue(source: CatchUpSource, viewer: Viewer): void {
    if (viewer.queued) return;
    viewer.queued = true;
    (viewer.queuedBytes === 0 ? this.fresh : this.waiting).push({ source, viewer });
    this.immediate ??= setImmediate(this.turn);
  }

  onModuleDestroy(): void {
    if (this.immediate !== null) clearImmediate(this.immediate);
    this.immediate = null;
    this.fresh = [];
    this.waiting = [];
  }

  private readonly turn = (): void => {
    this.immediate = null;
    const until = monotonicMs() + TURN_MS;
    // Both are taken now: who is served as fresh waits from then on, for the next turn.
    const { fresh, waiting } = this;
    this.fresh = [];
    this.waiting = [];
    const freshServed = this.serveAll(fresh, until);
    const waitingServed = freshServed === fresh.length ? this.serveAll(waiting, until) : 0;
    this.fresh = fresh.slice(freshServed).concat(this.fresh);
    this.waiting = waiting.slice(waitingServed).concat(this.waiting);
    if (this.fresh.length > 0 || this.waiting.length > 0)
      this.immediate ??= setImmediate(this.turn);
  };

  /** Serves entries in order until the time is up; returns how many were served. */
  private serveAll(entries: readonly Entry[], untilMs: number): number {
    let at = 0;
    for (const entry of entries) {
      if (at > 0 && monotonicMs() >= untilMs) break;
      at++;
      entry.viewer.queued = false;
      if (entry.viewer.leaveReason !== null) continue;
      if (serves(entry)) {
        entry.viewer.queued = true;
        this.waiting.push(entry);
      }
    }
    return at;
  }
}

function serves({ source, viewer }: Entry): boolean {
  try {
    return source.serve(viewer, BYTES_PER_TURN);
  } catch (error) {
    source.fault(error);
    return false;
  }
}
