import { monotonicMs } from '../../kernel/clock';

/**
 * Who uses a stream.
 * - `watched`: it has viewers that receive media or wait for them;
 * - `held`: a client has received its address and is about to open it;
 * - `paused`: none of its viewers reads any data at present, but they may continue;
 * - `checked`: only a content check uses it;
 * - `unwatched`: nothing uses it.
 */
export type Watch = 'watched' | 'held' | 'paused' | 'checked' | 'unwatched';

/**
 * One stream as the scheduler sees it: the facts that decide the order of its requests and the preemption of its
 * slots. The stream keeps them up to date, so that the scheduler never has to call it.
 */
export class SlotHolder {
  private currentWatch: Watch = 'watched';
  private watchSince = monotonicMs();
  private readonly lack = new AbortController();

  /** @param onChange called after every change of the facts */
  constructor(
    /** Public id of the stream. */
    readonly streamId: string,
    private readonly onChange: () => void = () => undefined,
  ) {}

  /** Aborts when a start of the stream finds no free slot for the first time. Whatever ends then may free one for it. */
  get lacksSlot(): AbortSignal {
    return this.lack.signal;
  }

  /** Reports that a start finds no free slot. False if that was reported before. */
  reportLack(): boolean {
    if (this.lack.signal.aborted) return false;
    this.lack.abort();
    return true;
  }

  get watch(): Watch {
    return this.currentWatch;
  }

  /** True if a viewer watches the stream, waits for it or is about to open it. */
  get isWatched(): boolean {
    return isWatched(this.currentWatch);
  }

  /**
   * Monotonic ms at which `watch` last changed to or from `watched` or `held`. Other changes, such as from `paused`
   * to `unwatched`, do not move it.
   */
  get watchSinceMs(): number {
    return this.watchSince;
  }

  setWatch(watch: Watch): void {
    if (watch === this.currentWatch) return;
    const wasWatched = this.isWatched;
    this.currentWatch = watch;
    // If the last paused viewer leaves, the stream has been idle since the pause began.
    if (wasWatched || isWatched(watch)) this.watchSince = monotonicMs();
    this.onChange();
  }
}

function isWatched(watch: Watch): boolean {
  return watch === 'watched' || watch === 'held';
}
