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

/** A content that is a file. There is one object for it, whichever of its ids or addresses a request uses. */
export interface FileContent {
  /** The selector of the first request that found out that the content is a file. */
  readonly selector: SourceSelector;
  /** 40 lower-case hex digits; null until an engine reports it. */
  infohash: string | null;
  /** 0: an engine has reported that the content is recorded. 1 or -1: none has, but the media are not MPEG-TS. */
  readonly isLive: 1 | 0 | -1;
  /** Facts about the whole file; null until an engine has sent them. */
  head: FileHead | null;
}

/** Maximum number of selectors and infohashes that are remembered. */
const MAX_CONTENTS = 10_000;
/**
 * A content is not remembered for longer, because a broadcast may look like a file if it is requested before it begins.
 */
const REMEMBERED_MS = 10 * 60_000;

/**
 * Remembers which contents are files. A request for a known file is not started as a broadcast first: such a start
 * would end the engine session of a viewer who plays the file. A content is forgotten 10 min after the last request for
 * it.
 */
export class FileContents {
  private readonly byKey: LRUCache<StreamKey, FileContent>;

  constructor(now: () => number) {
    this.byKey = new LRUCache({
      max: MAX_CONTENTS,
      ttl: REMEMBERED_MS,
      updateAgeOnGet: true,
      ttlResolution: 0,
      perf: { now },
    });
  }

  /** Returns the file with this selector, or with `infohash` if that is known; null if no such file is remembered. */
  find(selector: ContentSelector, infohash: string | null): FileContent | null {
    const direct = this.byKey.get(streamKey(selector));
    if (direct !== undefined) return direct;
    if (infohash === null) return null;
    return this.byKey.get(infohashKey(infohash, selector)) ?? null;
  }

  /** Remembers that the content with this selector and infohash is a file. */
  learn(
    selector: SourceSelector,
    facts: { readonly infohash: string | null; readonly isLive: 1 | 0 | -1 },
  ): FileContent {
    const known = this.find(selector, facts.infohash);
    const content: FileContent = known ?? { selector, ...facts, head: null };
    content.infohash ??= facts.infohash;
    this.byKey.set(streamKey(selector), content);
    if (content.infohash !== null) {
      this.byKey.set(infohashKey(content.infohash, selector), content);
    }
    return content;
  }

  /** Forgets the content under all its ids. */
  forget(content: FileContent): void {
    for (const [key, known] of this.byKey.entries()) if (known === content) this.byKey.delete(key);
  }
}

/**
 * True if a start failed with this error because the content is a file. A playlist does not count, because its
 * addresses point to the engine. MPEG-TS that was refused does not count either, because it must not be passed on
 * unparsed.
 */
export function isFile({ cause }: AppError): boolean {
  return cause instanceof EngineFault && cause.reason !== 'playlist';
}

/** Returns the keys under which a running playback of the content can be found. */
export function keysOf({ selector, infohash }: FileContent): string[] {
  const own = streamKey(selector);
  return infohash === null ? [own] : [own, infohashKey(infohash, selector)];
}

/** True if both are the same torrent. An engine has one engine session per torrent, whichever file it plays. */
export function isSameTorrent(first: FileContent, second: FileContent): boolean {
  return first === second || (first.infohash !== null && first.infohash === second.infohash);
}
