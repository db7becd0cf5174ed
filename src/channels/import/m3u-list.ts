import { isUtf8 } from 'node:buffer';
import { AppError, type ErrorCode } from '../../kernel/errors';
import { MAX_NUMBER, type ChannelSource } from '../channel';
import {
  isHttpAddress,
  MAX_GROUP_LENGTH,
  MAX_NAME_LENGTH,
  MAX_TVG_ID_LENGTH,
} from '../channel-fields';
import { readAceAddress } from './ace-address';
import { readListLines } from './list-lines';

/** One address of AceStream content in a list, and what the list says about it. */
export interface ListEntry {
  /** Line of the address, from 1. */
  readonly line: number;
  /** Null if the list has only the address. */
  readonly name: string | null;
  readonly group: string | null;
  readonly logo: string | null;
  readonly tvgId: string | null;
  readonly number: number | null;
  readonly source: Pick<ChannelSource, 'kind' | 'id'>;
}

/** Why an entry of a list becomes no source of a channel. */
export type SkipReason = 'no_acestream_content' | 'too_many_sources';

export interface SkippedLine {
  readonly line: number;
  readonly reason: SkipReason;
}

export interface M3uList {
  readonly entries: readonly ListEntry[];
  readonly skipped: readonly SkippedLine[];
}

/** Entries, used or not. Several of them may be sources of one channel. */
export const MAX_ENTRIES = 50_000;

/** Values that stand for a missing tvg-id in some lists. Taken as ids, they would join many channels into one. */
const NO_TVG_ID = /^(?:-|0|n\/?a|none|null|undefined|\(no tvg-id\))$/i;

const INFO = '#EXTINF:';
const GROUP = '#EXTGRP:';

/**
 * Reads an M3U list, or a text with one address per line. Real lists are seldom well formed, so whatever does not have the
 * expected form is ignored.
 *
 * @throws AppError as `readListLines`; `unusable_list` for more than `MAX_ENTRIES` entries
 */
export async function readM3u(
  chunks: AsyncIterable<Buffer>,
  tooLarge: Extract<ErrorCode, 'payload_too_large' | 'unusable_list'>,
): Promise<M3uList> {
  const reader = new M3uReader();
  for await (const lines of readListLines(chunks, tooLarge)) {
    for (const line of lines) reader.read(textOf(line));
  }
  return reader;
}

/** Text of a line. Lists that are not UTF-8 are in one of the older encodings of the web, most of which agree with Latin-1. */
export function textOf(line: Buffer): string {
  return isUtf8(line) ? line.toString('utf8') : line.toString('latin1');
}

class M3uReader implements M3uList {
  readonly entries: ListEntry[] = [];
  readonly skipped: SkippedLine[] = [];
  private line = 0;
  private info: EntryInfo | null = null;
  /** Applies to all following entries without a group of their own. */
  private group: string | null = null;

  read(text: string): void {
    this.line += 1;
    const line = (this.line === 1 ? text.replace(/^\ufeff/, '') : text).trim();
    if (line === '') return;
    if (startsWith(line, INFO)) this.info = readInfo(line.slice(INFO.length));
    else if (startsWith(line, GROUP)) {
      this.group = plainText(line.slice(GROUP.length), MAX_GROUP_LENGTH);
    } else if (!line.startsWith('#')) this.readAddress(line);
  }

  private readAddress(line: string): void {
    if (this.entries.length + this.skipped.length >= MAX_ENTRIES) {
      throw new AppError(
        'unusable_list',
        `The list has more than ${MAX_ENTRIES} entries, which is the limit.`,
      );
    }
    const info = this.info ?? NO_INFO;
    this.info = null;
    const address = readAceAddress(line);
    if (address === null) {
      this.skipped.push({ line: this.line, reason: 'no_acestream_content' });
      return;
    }
    const { kind, id } = address;
    const group = info.group ?? this.group;
    this.entries.push({ line: this.line, ...info, group, source: { kind, id } });
  }
}

type EntryInfo = Omit<ListEntry, 'line' | 'source'>;

const NO_INFO: EntryInfo = { name: null, group: null, logo: null, tvgId: null, number: null };

/** @param text what follows `#EXTINF:`, such as `-1 tvg-id="news" group-title="A, B",News, live` */
function readInfo(text: string): EntryInfo {
  const { attributes, name } = readAttributes(text);
  const logo = attributes.get('tvg-logo')?.trim() ?? '';
  const tvgId = plainText(attributes.get('tvg-id'), MAX_TVG_ID_LENGTH);
  return {
    name:
      plainText(name, MAX_NAME_LENGTH) ?? plainText(attributes.get('tvg-name'), MAX_NAME_LENGTH),
    group: plainText(attributes.get('group-title'), MAX_GROUP_LENGTH),
    logo: isHttpAddress(logo) ? logo : null,
    tvgId: NO_TVG_ID.test(tvgId ?? '') ? null : tvgId,
    number: readNumber(attributes.get('tvg-chno') ?? attributes.get('channel-number') ?? ''),
  };
}

/** Reads each character once. Values are quoted, or end at a blank or comma; the name follows the first comma outside them. */
function readAttributes(text: string): { attributes: Map<string, string>; name: string } {
  const attributes = new Map<string, string>();
  let at = endOfWord(text, 0);
  while (at < text.length && text[at] !== ',') {
    if (isBlank(text, at)) {
      at += 1;
      continue;
    }
    let end = at;
    while (end < text.length && !isBlank(text, end) && text[end] !== ',' && text[end] !== '=')
      end += 1;
    const key = text.slice(at, end).toLowerCase();
    if (text[end] !== '=') {
      at = end;
      continue;
    }
    const isQuoted = text[end + 1] === '"';
    const from = end + (isQuoted ? 2 : 1);
    const quote = isQuoted ? text.indexOf('"', from) : -1;
    const to = quote >= 0 ? quote : endOfWord(text, from);
    if (!attributes.has(key)) attributes.set(key, text.slice(from, to));
    at = quote >= 0 ? to + 1 : to;
  }
  return { attributes, name: text.slice(at + 1) };
}

function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isBlank(text, at) && text[at] !== ',') at += 1;
  return at;
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}

function readNumber(text: string): number | null {
  const number = /^\s*\d{1,5}\s*$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= MAX_NUMBER ? number : null;
}

/** Text without control characters and of limited length, as fields of channels must be; null if nothing is left. */
export function plainText(text: string | undefined, maxLength: number): string | null {
  const plain = (text ?? '').replace(/[\p{Cc}\p{Cs}\u2028\u2029\s]+/gu, ' ').trim();
  const short =
    plain.length <= maxLength ? plain : Array.from(plain).slice(0, maxLength).join('').trim();
  return short === '' ? null : short;
}

function startsWith(line: string, word: string): boolean {
  return line.slice(0, word.length).toUpperCase() === word;
}
