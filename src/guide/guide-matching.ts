/** A channel of the channel list that is looked for in the guides of sources. */
export interface WantedChannel {
  /** As in the playlist. */
  readonly tvgId: string;
  /** Names of the channels that have the id. */
  readonly names: readonly string[];
}

/** How well a channel of a source fits; a better one replaces another that was found before. */
const BY_ID = 3;
const BY_ID_IN_ANY_CASE = 2;
const BY_NAME = 1;

/**
 * Finds the wanted channels in a guide: by id, else by id without regard to case, else by a display name that equals
 * the wanted id or name. Each wanted channel gets one channel of the guide. Memory depends on the wanted channels only.
 */
export class GuideMatching {
  private readonly ids: ReadonlySet<string>;
  private readonly idsInAnyCase = new Map<string, string>();
  private readonly idsByName = new Map<string, string>();
  private readonly found = new Map<string, { readonly foreignId: string; readonly rank: number }>();
  /** Wanted id by the id in the guide; null while channels may still be found. */
  private matches: Map<string, string> | null = null;

  constructor(wanted: readonly WantedChannel[]) {
    this.ids = new Set(wanted.map(({ tvgId }) => tvgId));
    for (const { tvgId, names } of wanted) {
      setFirst(this.idsInAnyCase, folded(tvgId), tvgId);
      for (const name of [tvgId, ...names]) setFirst(this.idsByName, folded(name), tvgId);
    }
  }

  /** Notes a channel of the guide. A guide lists its channels before its programmes. */
  addChannel(foreignId: string, displayNames: readonly string[]): void {
    this.add(foreignId, BY_ID, this.ids.has(foreignId) ? foreignId : undefined);
    this.add(foreignId, BY_ID_IN_ANY_CASE, this.idsInAnyCase.get(folded(foreignId)));
    for (const name of displayNames) {
      this.add(foreignId, BY_NAME, this.idsByName.get(folded(name)));
    }
  }

  /** The wanted channel to which a programme belongs; null if there is none. */
  wantedFor(foreignId: string): string | null {
    this.matches ??= this.bestMatches();
    const known = this.matches.get(foreignId);
    if (known !== undefined) return known;
    // The guide does not list this channel.
    const tvgId = this.ids.has(foreignId) ? foreignId : this.idsInAnyCase.get(folded(foreignId));
    if (tvgId === undefined || this.found.has(tvgId)) return null;
    this.add(foreignId, BY_ID, tvgId);
    this.matches.set(foreignId, tvgId);
    return tvgId;
  }

  private add(foreignId: string, rank: number, tvgId: string | undefined): void {
    if (tvgId === undefined || (this.found.get(tvgId)?.rank ?? 0) >= rank) return;
    this.found.set(tvgId, { foreignId, rank });
  }

  private bestMatches(): Map<string, string> {
    const matches = new Map<string, string>();
    const best = [...this.found].sort(([, a], [, b]) => b.rank - a.rank);
    for (const [tvgId, { foreignId }] of best) setFirst(matches, foreignId, tvgId);
    return matches;
  }
}

/** Wanted ids contain no double quotes, as in playlists. */
function folded(text: string): string {
  return text.trim().toLowerCase().replaceAll('"', "'");
}

function setFirst(map: Map<string, string>, key: string, value: string): void {
  if (!map.has(key)) map.set(key, value);
}
