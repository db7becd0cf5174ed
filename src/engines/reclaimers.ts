import { Logger } from '@nestjs/common';

/** Frees one slot of an engine that is not among `excluded` when it can; resolves true when it did. */
export type Reclaimer = (excluded: ReadonlySet<string>) => Promise<boolean>;

/** Stopping an engine session takes up to 3 s; who waits longer than this is refused instead. */
const DEADLINE_MS = 5000;

/** A slot that was freed may go to somebody who waited longer, so asking again makes sense, but not for ever. */
const MAX_ROUNDS = 20;

/** Those who may give up a slot, in the order in which they registered; last those whose slot somebody still waits for. */
export class Reclaimers {
  private readonly logger = new Logger(Reclaimers.name);
  private readonly registered = new Set<Reclaimer>();
  private readonly lastResorts = new Set<Reclaimer>();

  add(reclaim: Reclaimer, isLastResort: boolean): () => void {
    const those = isLastResort ? this.lastResorts : this.registered;
    those.add(reclaim);
    return () => those.delete(reclaim);
  }

  /** Asks one after the other, until `isEnough`, or nobody has anything to give, or the deadline. */
  async ask(excluded: ReadonlySet<string>, isEnough: () => boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isLate = true;
        resolve();
      }, DEADLINE_MS);
    });
    await Promise.race([this.rounds(excluded, () => isLate || isEnough()), deadline]);
    clearTimeout(timer);
  }

  private async rounds(excluded: ReadonlySet<string>, isEnough: () => boolean): Promise<void> {
    // Whoever made the change by which somebody needs a slot is not done with it: what it is about is not to be ended yet.
    await Promise.resolve();
    for (let round = 0; round < MAX_ROUNDS && !isEnough(); round += 1) {
      if (!(await this.anyFreed(excluded, isEnough))) return;
    }
  }

  private async anyFreed(excluded: ReadonlySet<string>, isEnough: () => boolean): Promise<boolean> {
    for (const reclaim of [...this.registered, ...this.lastResorts]) {
      if (isEnough()) return false;
      try {
        if (await reclaim(excluded)) return true;
      } catch (error) {
        this.logger.warn(`a slot could not be reclaimed: ${String(error)}`);
      }
    }
    return false;
  }
}
