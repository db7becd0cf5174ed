import { monotonicMs } from '../../kernel/clock';
import { Deferred } from '../../kernel/deferred';
import { settlesWithin } from '../../kernel/wait';
import type { LeaveReason, Viewer, ViewerHost } from '../viewers';
import type { RecordedContent } from './recorded-contents';

/** A request that waits, because another one is about to find out what the content is. Counts as a viewer meanwhile. */
export class FirstAnswerWait implements ViewerHost {
  private readonly untilMs: number;
  private readonly left = new Deferred<undefined>();

  constructor(
    readonly content: RecordedContent,
    private readonly viewer: Viewer,
    budgetMs: number,
  ) {
    this.untilMs = monotonicMs() + budgetMs;
    viewer.host = this;
  }

  /** The viewer still wants it, and it may wait for longer. */
  get goesOn(): boolean {
    return this.viewer.leaveReason === null && monotonicMs() < this.untilMs;
  }

  /** Resolves when that is settled, when the viewer has left, or when the time is up. */
  async until(answered: Promise<unknown>): Promise<void> {
    const leftMs = Math.max(0, this.untilMs - monotonicMs());
    await settlesWithin(Promise.race([answered, this.left.promise]), leftMs);
  }

  removeViewer(viewer: Viewer, reason: LeaveReason): void {
    if (viewer !== this.viewer || viewer.leaveReason !== null) return;
    viewer.leaveReason = reason;
    viewer.onGone?.(reason);
    this.left.resolve(undefined);
  }
}
