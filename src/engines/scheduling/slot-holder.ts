import { monotonicMs } from '../../kernel/clock';

/**
 * Who is there for a stream: `watched`, somebody watches it or waits for it; `held`, a client has its address and is about to
 * open it; `paused`, all its viewers have stopped taking bytes and may come back; `checked`, only a check of the content looks
 * on; `unwatched`, nobody is there.
 */
export type Watch = 'watched' | 'held' | 'paused' | 'checked' | 'unwatched';

/**
 * One stream as the scheduler sees it: the facts by which its slots may be preempted. The stream keeps them up to date,
 * so that the scheduler never has to ask.
 */
export class SlotHolder {
  private currentWatch: Watch = 'watched';
  private watchSince = monotonicMs();

  /** @param onChange called after every change of the facts */
  constructor(
    /** Public id of the stream. */
    readonly streamId: string,
    private readonly onChange: () => void = () => undefined,
  ) {}

  get watch(): Watch {
    return this.currentWatch;
  }

  /** A viewer watches the stream, waits for it or is about to. */
  get isWatched(): boolean {
    return isWatched(this.currentWatch);
  }

  /** Monotonic ms since when `watch` has been what it is. */
  get watchSinceMs(): number {
    return this.watchSince;
  }

  setWatch(watch: Watch): void {
    if (watch === this.currentWatch) return;
    const wasWatched = this.isWatched;
    this.currentWatch = watch;
    // A stream whose last paused viewer leaves has been idle since the pause began.
    if (wasWatched || isWatched(watch)) this.watchSince = monotonicMs();
    this.onChange();
  }
}

function isWatched(watch: Watch): boolean {
  return watch === 'watched' || watch === 'held';
}
