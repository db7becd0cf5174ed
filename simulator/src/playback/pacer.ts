/** A reader that gets media at the rate of the wall clock. */
export interface Paced {
  pump(): void;
}

const TICK_MS = 20;

/** One timer for all readers; it runs only while there are readers. */
export class Pacer {
  private readonly fed = new Set<Paced>();
  private timer: NodeJS.Timeout | null = null;

  add(paced: Paced): void {
    this.fed.add(paced);
    this.timer ??= setInterval(() => {
      for (const reader of this.fed) reader.pump();
    }, TICK_MS);
  }

  remove(paced: Paced): void {
    this.fed.delete(paced);
    if (this.fed.size === 0) this.close();
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }
}
