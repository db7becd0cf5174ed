import { LRUCache } from 'lru-cache';
import { EngineFault } from '../../ace';
import {
  infohashKey,
  streamKey,
  type ContentSelector,
  type StreamKey,
  type SourceSelector,
} from '../../kernel/content-selector';
import type { AppError } from '../../kernel/errors';
import type { FileHead } from './file-head';

/** A content that is a file. One object for all names it is known under. */
export interface RecordedContent {
  /** The name that an engine knew. */
  readonly selector: SourceSelector;
  /** 40 lower-case hex digits; null while no engine has said it. */
  infohash: string | null;
  /** 0: an engine said so. 1, -1: it did not, and the media are no MPEG-TS. */
  readonly isLive: 1 | 0 | -1;
  /** What is known of the whole file. */
  head: FileHead | null;
}

const MAX_CONTENTS = 10_000;
/** A content does not change its kind; but a broadcast that was asked for before it began may be taken for a file. */
const REMEMBERED_MS = 10 * 60_000;

/**
 * Which contents are files: whoever asks for one of them is led to its bytes without a start as a broadcast, which would
 * take the content from whoever reads it. Forgotten when nobody has asked for ten minutes.
 */
export class RecordedContents {
  private readonly byKey: LRUCache<StreamKey, RecordedContent>;

  constructor(now: () => number) {
    this.byKey = new LRUCache({
      max: MAX_CONTENTS,
      ttl: REMEMBERED_MS,
      updateAgeOnGet: true,
      ttlResolution: 0,
      perf: { now },
    });
  }

  /** @param infohash what the name was found to mean earlier, if it was */
  find(selector: ContentSelector, infohash: string | null): RecordedContent | null {
    const direct = this.byKey.get(streamKey(selector));
    if (direct !== undefined) return direct;
    if (infohash === null) return null;
    return this.byKey.get(infohashKey(infohash, selector.fileIndex)) ?? null;
  }

  /** The content under `selector`, and under its infohash, is a file. */
  learn(
    selector: SourceSelector,
    facts: { readonly infohash: string | null; readonly isLive: 1 | 0 | -1 },
  ): RecordedContent {
    const known = this.find(selector, facts.infohash);
    const content: RecordedContent = known ?? { selector, ...facts, head: null };
    content.infohash ??= facts.infohash;
    this.byKey.set(streamKey(selector), content);
    if (content.infohash !== null) {
      this.byKey.set(infohashKey(content.infohash, selector.fileIndex), content);
    }
    return content;
  }

  forget(content: RecordedContent): void {
    for (const [key, one] of this.byKey.entries()) if (one === content) this.byKey.delete(key);
  }
}

/**
 * Whether a start ended because the media are a file. Nothing else that cannot be played is one: a playlist's addresses
 * are the engine's own, and a transport stream that is refused must not be handed through unread.
 */
export function isFile({ cause }: AppError): boolean {
  return cause instanceof EngineFault && cause.reason !== 'playlist';
}

export function keysOf({ selector, infohash }: RecordedContent): string[] {
  const own = streamKey(selector);
  return infohash === null ? [own] : [own, infohashKey(infohash, selector.fileIndex)];
}

/** Engines tell contents by their infohash, whichever file of it is played. */
export function isSameTransport(one: RecordedContent, other: RecordedContent): boolean {
  return one === other || (one.infohash !== null && one.infohash === other.infohash);
}
