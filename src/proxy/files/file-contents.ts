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

/** A content that is a file. All its names lead to the same object. */
export interface FileContent {
  /** The name that an engine has accepted. */
  readonly selector: SourceSelector;
  /** 40 lower-case hex digits; null until an engine reports it. */
  infohash: string | null;
  /** 0: an engine reports that the content is recorded. 1 or -1: no engine does, but the media are not MPEG-TS. */
  readonly isLive: 1 | 0 | -1;
  /** Facts about the whole file, once they are known. */
  head: FileHead | null;
}

const MAX_CONTENTS = 10_000;
/** Limited, because a broadcast that was requested before it began may have looked like a file. */
const REMEMBERED_MS = 10 * 60_000;

/**
 * Which contents are files. A request for a known file opens no broadcast start, which would end the engine session of its
 * reader. A content is forgotten ten minutes after the last request for it.
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

  /** @param infohash infohash of the content, if it is known */
  find(selector: ContentSelector, infohash: string | null): FileContent | null {
    const direct = this.byKey.get(streamKey(selector));
    if (direct !== undefined) return direct;
    if (infohash === null) return null;
    return this.byKey.get(infohashKey(infohash, selector.fileIndex)) ?? null;
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
      this.byKey.set(infohashKey(content.infohash, selector.fileIndex), content);
    }
    return content;
  }

  forget(content: FileContent): void {
    for (const [key, known] of this.byKey.entries()) if (known === content) this.byKey.delete(key);
  }
}

/**
 * True if a start failed because the media are a file. A playlist does not count, because its addresses point to the
 * engine. A transport stream that was refused does not count, because it must not be passed on without parsing.
 */
export function isFile({ cause }: AppError): boolean {
  return cause instanceof EngineFault && cause.reason !== 'playlist';
}

export function keysOf({ selector, infohash }: FileContent): string[] {
  const own = streamKey(selector);
  return infohash === null ? [own] : [own, infohashKey(infohash, selector.fileIndex)];
}

/** Engines identify a content by its infohash, whichever of its files is played. */
export function isSameTransport(first: FileContent, second: FileContent): boolean {
  return first === second || (first.infohash !== null && first.infohash === second.infohash);
}
