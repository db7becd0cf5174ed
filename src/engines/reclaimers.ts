import { Logger } from '@nestjs/common';

/** Frees one slot when it can; resolves true when it did. */
export type Reclaimer = () => Promise<boolean>;

/** Stopping an engine session takes up to 3 s; who waits longer than this is refused instead. */
const DEADLINE_MS = 5000;

/** A slot that was freed may go to somebody who waited longer, so asking again makes sense, but not for ever. */
const MAX_ROUNDS = 20;

/** Those who may give up a slot that nobody needs any more, in the order in which they registered. */
export class Reclaimers {
  private readonly logger = new Logger(Reclaimers.name);
  private readonly registered = new Set<Reclaimer>();

  add(reclaim: Reclaimer): () => void {
    this.registered.add(reclaim);
    return () => this.registered.delete(reclaim);
  }

  /** Asks one after the other, until `isEnough`, or nobody has anything to give, or the deadline. */
  async ask(isEnough: () => boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isLate = true;
        resolve();
      }, DEADLINE_MS);
    });
    await Promise.race([this.rounds(() => isLate || isEnough()), deadline]);
    clearTimeout(timer);
  }

  private async rounds(isEnough: () => boolean): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS && !isEnough(); round += 1) {
      if (!(await this.anyFreed(isEnough))) return;
    }
  }

  private async anyFreed(isEnough: () => boolean): Promise<boolean> {
    for (const reclaim of [...this.registered]) {
      if (isEnough()) return false;
      try {
        if (await reclaim()) return true;
      } catch (error) {
        this.logger.warn(`a slot could not be reclaimed: ${String(error)}`);
      }
    }
    return false;
  }
}
