import { MAX_NUMBER } from './channel';

/**
 * The numbers by which players list and select channels, from 1 to `MAX_NUMBER`, by the id of the channel. A removed
 * channel keeps its number, so that favourites in players never lead to another channel.
 */
export class ChannelNumbers {
  private readonly byId: Map<string, number>;
  private readonly byNumber: Map<number, string>;
  private highest: number;

  constructor(numbers: ReadonlyMap<string, number> = new Map()) {
    this.byId = new Map(numbers);
    this.byNumber = new Map([...numbers].map(([id, number]) => [number, id]));
    this.highest = [...numbers.values()].reduce((a, b) => Math.max(a, b), 0);
  }

  get all(): ReadonlyMap<string, number> {
    return this.byId;
  }

  of(id: string): number | null {
    return this.byId.get(id) ?? null;
  }

  /** The channel that has the number, or had it when it was removed. */
  ownerOf(number: number): string | null {
    return this.byNumber.get(number) ?? null;
  }

  /** Gives the number to the channel. A channel that had it before is left without a number. */
  give(id: string, number: number): void {
    const owner = this.byNumber.get(number);
    if (owner !== undefined) this.byId.delete(owner);
    const former = this.byId.get(id);
    if (former !== undefined) this.byNumber.delete(former);
    this.byId.set(id, number);
    this.byNumber.set(number, id);
    this.highest = Math.max(this.highest, number);
  }

  /**
   * The number of a new channel: the one above all others. If there is none, the lowest one that no channel has, and at
   * last that of a removed channel.
   *
   * @param isPresent whether a channel exists; fewer channels than numbers must exist
   */
  next(isPresent: (id: string) => boolean): number {
    if (this.highest < MAX_NUMBER) return this.highest + 1;
    const free = this.lowest((owner) => owner === undefined);
    return free ?? this.lowest((owner) => owner !== undefined && !isPresent(owner)) ?? MAX_NUMBER;
  }

  private lowest(isFree: (owner: string | undefined) => boolean): number | null {
    for (let number = 1; number <= MAX_NUMBER; number++) {
      if (isFree(this.byNumber.get(number))) return number;
    }
    return null;
  }
}
