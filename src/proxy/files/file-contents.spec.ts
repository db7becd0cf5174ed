import type { SourceSelector } from '../../kernel/content-selector';
import { FileContents } from './file-contents';

const ID: SourceSelector = { kind: 'content_id', value: 'a'.repeat(40), fileIndex: 0 };
const HASH = 'b'.repeat(40);
const BY_HASH: SourceSelector = { kind: 'infohash', value: HASH, fileIndex: 0 };

describe('FileContents', () => {
  let nowMs = 1000;
  const contents = (): FileContents => new FileContents(() => nowMs);

  beforeEach(() => {
    nowMs = 1000;
  });

  it('finds one content under all its names', () => {
    const book = contents();
    const content = book.learn(ID, { infohash: HASH, isLive: 0 });
    expect(book.find(ID, null)).toBe(content);
    expect(book.find(BY_HASH, null)).toBe(content);
    const elsewhere: SourceSelector = { ...ID, value: 'c'.repeat(40) };
    expect(book.find(elsewhere, null)).toBeNull();
    expect(book.find(elsewhere, HASH)).toBe(content);
    expect(book.learn(elsewhere, { infohash: HASH, isLive: 0 })).toBe(content);
    expect(book.find({ ...ID, fileIndex: 1 }, null)).toBeNull();
  });

  it('forgets a content 10 minutes after the last request', () => {
    const book = contents();
    book.learn(ID, { infohash: null, isLive: 0 });
    nowMs += 9 * 60_000;
    expect(book.find(ID, null)).not.toBeNull();
    nowMs += 9 * 60_000;
    expect(book.find(ID, null)).not.toBeNull();
    nowMs += 11 * 60_000;
    expect(book.find(ID, null)).toBeNull();
  });

  it('forgets a content under all its names', () => {
    const book = contents();
    book.forget(book.learn(ID, { infohash: HASH, isLive: 0 }));
    expect(book.find(ID, HASH)).toBeNull();
    expect(book.find(BY_HASH, null)).toBeNull();
  });
});
