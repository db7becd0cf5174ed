import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';
import type { Viewer } from './viewer';

/** Writes up to `maxBytes` of a stream to one viewer. Returns true if the viewer needs another turn. */
export interface BacklogFeed {
  serve(viewer: Viewer, maxBytes: number): boolean;
  /** Handles an error of `serve`, which must affect this stream only. */
  fault(error: unknown): void;
}

interface Entry {
  readonly source: BacklogFeed;
  readonly viewer: Viewer;
}

const BYTES_PER_TURN = 256 * 1024;
const TURN_MS = 10;

/**
 * Serves the viewers of all streams that are behind the head: new and slow ones.
 *
 * There is one queue for the whole process, because there is one event loop. A turn takes at most 10 ms and writes at
 * most 256 KiB per viewer; `setImmediate` separates the turns. Viewers at the live edge are served in between, so 200
 * viewers that join at once do not delay them. Viewers without a byte yet go first, because a first picture matters
 * more than a full buffer.
 */
@Injectable()
export class BacklogScheduler implements OnModuleDestroy {
  /**
   * Number of viewers of all streams that have a socket, kept up to date by the fan-outs. The size of batches depends
   * on it.
   */
  viewersOfAllStreams = 0;
  private fresh: Entry[] = [];
  private waiting: Entry[] = [];
  private immediate: NodeJS.Immediate | null = null;

  enqueue(source: BacklogFeed, viewer: Viewer): void {
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
    // Take both lists now: a viewer that is served in this turn may be added to `waiting` for the next one.
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

  /** Serves entries in order until `untilMs`; returns how many were served. */
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
