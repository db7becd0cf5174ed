import { isChannelId } from '../../kernel/content-selector';
import { RESERVED_IDS } from '../channel';

const MAX_LENGTH = 48;
const NO_LETTERS = 'channel';

/** Creates ids of channels from their names, so that addresses in players and logs can be read. */
export class ChannelIds {
  private readonly given = new Set<string>();
  private readonly lastSuffixes = new Map<string, number>();

  /** @param isTaken whether a channel has this id */
  constructor(private readonly isTaken: (id: string) => boolean) {}

  /** An id that no channel has, and that was not returned before. */
  next(name: string, tvgId: string | null): string {
    const base = wordOf(name) || wordOf(tvgId ?? '') || NO_LETTERS;
    for (let suffix = this.lastSuffixes.get(base) ?? 1; ; suffix += 1) {
      const id = suffix === 1 ? base : `${base}-${suffix}`;
      if (this.given.has(id) || this.isTaken(id) || RESERVED_IDS.has(id)) continue;
      this.lastSuffixes.set(base, suffix);
      this.given.add(id);
      return id;
    }
  }
}

/** Turns a text into a word for addresses; empty if the text has no letters and digits that addresses can contain. */
export function wordOf(text: string): string {
  const word = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return isChannelId(word) ? word : '';
}
