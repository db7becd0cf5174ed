import { createHash } from 'node:crypto';
import { Broadcasts } from './broadcasts';
import { CATALOGUE, type CatalogueEntry } from './catalogue';
import { NO_FILE, type Content, type ContentSettings } from './content';
import type { Clip } from './media/clip';
import type { Timeline } from './media/timeline';
import { TICKS_PER_MS } from './media/ts-packet';
import type { Options } from './options';

export type Selection =
  | { readonly found: Content }
  | { readonly found: null; readonly reason: 'no_selector' | 'unknown_id' | 'unknown_infohash' };

const HEX40 = /^[0-9a-f]{40}$/;
const MAX_CONTENTS = 5000;
/**
 * Infohashes that `--any-content` derives from ids begin with these digits. So every engine recognises an infohash
 * that was passed as an id and refuses it, without having seen the content before.
 */
const DERIVED_PREFIX = 'ace0';

export function derivedInfohash(selector: string): string {
  const digest = createHash('sha1').update(`acefleet-simulator:${selector}`).digest('hex');
  return DERIVED_PREFIX + digest.slice(DERIVED_PREFIX.length);
}

/** A content's names, for faults that select it. */
export function keysOf(content: Content | null | undefined): string[] {
  if (!content) return [];
  return content.id === null ? [content.infohash] : [content.id, content.infohash];
}

/** The existing contents, their lookup by selector, and their broadcasts. */
export class ContentBook {
  private readonly contents = new Map<string, Content>();
  private readonly broadcasts: Broadcasts;
  private readonly ptsOffsetTicks: number;

  constructor(
    private readonly options: Options,
    clip: Clip,
  ) {
    this.broadcasts = new Broadcasts(clip);
    const loops = Math.floor((Date.now() * TICKS_PER_MS) / clip.loopTicks);
    const loopTicks = loops * clip.loopTicks;
    this.ptsOffsetTicks = options.ptsStart === null ? 0 : options.ptsStart - (loopTicks % 2 ** 33);
    for (const entry of CATALOGUE) this.add(this.fromCatalogue(entry));
  }

  list(): Content[] {
    return [...this.contents.values()];
  }

  /** By id or infohash, among the known contents. */
  find(key: string): Content | undefined {
    const wanted = key.toLowerCase();
    return this.contents.get(wanted) ?? this.list().find((content) => content.id === wanted);
  }

  /** The engine's order of priority: content_id (alias id), infohash, url, magnet. */
  select(parameters: URLSearchParams): Selection {
    const id = (parameters.get('content_id') ?? parameters.get('id'))?.toLowerCase();
    if (id !== undefined) return this.byId(id);
    const infohash = parameters.get('infohash')?.toLowerCase();
    if (infohash !== undefined) return this.byInfohash(infohash);
    const url = parameters.get('url');
    if (url !== null) return this.byAddress(url);
    const magnet = parameters.get('magnet');
    if (magnet === null) return { found: null, reason: 'no_selector' };
    const hash = /urn:btih:([0-9a-f]{40})/i.exec(magnet)?.[1];
    return hash === undefined ? this.byAddress(magnet) : this.byInfohash(hash.toLowerCase());
  }

  /** The content of a control request; created if any content may be played. */
  require(key: string): Content | null {
    const known = this.find(key);
    if (known) return known;
    const wanted = key.toLowerCase();
    return wanted.startsWith(DERIVED_PREFIX)
      ? this.byInfohash(wanted).found
      : this.byId(wanted).found;
  }

  timeline(content: Content): Timeline {
    return this.broadcasts.of(content);
  }

  /** Changes apply to playbacks that start afterwards. @throws Error if they cannot be played. */
  change(content: Content, patch: Partial<ContentSettings>): void {
    const before = content.settings;
    content.settings = { ...before, ...patch };
    this.broadcasts.forget(content);
    try {
      this.timeline(content);
    } catch (error) {
      content.settings = before;
      throw error;
    }
  }

  private byId(id: string): Selection {
    const unknown: Selection = { found: null, reason: 'unknown_id' };
    if (!HEX40.test(id)) return unknown;
    const known = this.list().find((content) => content.id === id);
    if (known) return { found: known };
    if (!this.options.anyContent || id.startsWith(DERIVED_PREFIX) || this.contents.has(id)) {
      return unknown;
    }
    return { found: this.derived(id, derivedInfohash(id)) };
  }

  private byInfohash(infohash: string): Selection {
    const known = this.contents.get(infohash);
    if (known) return { found: known };
    if (!this.options.anyContent || !HEX40.test(infohash)) {
      return { found: null, reason: 'unknown_infohash' };
    }
    return { found: this.derived(null, infohash) };
  }

  private byAddress(address: string): Selection {
    if (!this.options.anyContent) return { found: null, reason: 'unknown_id' };
    const infohash = derivedInfohash(address);
    return { found: this.contents.get(infohash) ?? this.derived(null, infohash) };
  }

  private derived(id: string | null, infohash: string): Content {
    const existing = this.contents.get(infohash);
    // The same broadcast was first requested by its infohash: from now on its id is known too.
    const settings = existing?.settings ?? this.settings(null);
    return this.add({
      id,
      infohash,
      name: `Test card ${infohash.slice(4, 10)}`,
      media: 'video',
      categories: [],
      settings,
    });
  }

  private fromCatalogue(entry: CatalogueEntry): Content {
    const { id, infohash, name, media, categories } = entry;
    return { id, infohash, name, media, categories, settings: this.settings(entry) };
  }

  private settings(entry: CatalogueEntry | null): ContentSettings {
    return {
      bitrateMbps: entry?.bitrateMbps ?? this.options.bitrateMbps,
      startDelayMs: entry?.startDelayMs ?? this.options.startDelayMs,
      burstSeconds: this.options.burstSeconds,
      peers: entry?.peers ?? 9,
      isLive: entry?.isLive ?? 1,
      ptsOffsetTicks: this.ptsOffsetTicks,
      clipPath: null,
      file: NO_FILE,
    };
  }

  private add(content: Content): Content {
    const replaced = this.contents.get(content.infohash);
    if (replaced) this.broadcasts.forget(replaced);
    this.contents.set(content.infohash, content);
    if (this.contents.size > MAX_CONTENTS) {
      const oldest = this.list()[CATALOGUE.length];
      if (oldest) {
        this.contents.delete(oldest.infohash);
        this.broadcasts.forget(oldest);
      }
    }
    return content;
  }
}
