import fc from 'fast-check';
import {
  continuesSpan,
  forwardedIfRange,
  forwardedRange,
  isFromStart,
  remainingRange,
  spanOf,
} from './byte-range';

describe('the range that is sent to the engine', () => {
  it.each([
    ['bytes=0-', 'bytes=0-'],
    [' bytes=5-9 ', 'bytes=5-9'],
    ['bytes=-500', 'bytes=-500'],
    ['bytes=0-0', 'bytes=0-0'],
    [undefined, null],
    ['', null],
    ['bytes=-', null],
    ['bytes=0-1,4-5', null],
    ['bytes=a-b', null],
    ['lines=0-5', null],
    ['bytes=0-1\r\nX: y', null],
    [`bytes=${'9'.repeat(30)}-`, null],
  ])('for %j is %j', (header, expected) => expect(forwardedRange(header)).toBe(expected));

  it.each([
    [null, true],
    ['bytes=0-', true],
    ['bytes=00-5', true],
    ['bytes=1-', false],
    ['bytes=-5', false],
  ])('%j begins at the first byte: %j', (range, expected) => {
    expect(isFromStart(range)).toBe(expected);
  });

  it.each([
    ['"abc"', 'bytes=0-', '"abc"'],
    ['"abc"', null, null],
    ['', 'bytes=0-', null],
    ['x'.repeat(257), 'bytes=0-', null],
    [undefined, 'bytes=0-', null],
    [['"a"', '"b"'], 'bytes=0-', null],
  ])('If-Range %j beside %j is %j', (header, range, expected) =>
    expect(forwardedIfRange(header, range)).toBe(expected),
  );
});

describe('the span of a response', () => {
  it.each([
    [200, '1000', null, { start: 0, end: 1000, total: 1000 }],
    [200, '0', null, { start: 0, end: 0, total: 0 }],
    [200, null, null, null],
    [200, 'many', null, null],
    [206, '10', 'bytes 5-14/1000', { start: 5, end: 15, total: 1000 }],
    [206, null, 'bytes 5-14/*', { start: 5, end: 15, total: null }],
    [206, '11', 'bytes 5-14/1000', null],
    [206, '10', 'bytes 14-5/1000', null],
    [206, '10', 'bytes 5-14/10', null],
    [206, '10', null, null],
    [206, '10', 'multipart', null],
    [416, '0', 'bytes */1000', null],
  ])('%d, length %j, range %j', (status, length, range, expected) =>
    expect(spanOf(status, length, range)).toEqual(expected),
  );
});

describe('the rest of a body that broke off', () => {
  it('is requested from the byte after the last one delivered', () => {
    const parts = fc
      .tuple(fc.nat(1e9), fc.integer({ min: 1, max: 1e9 }), fc.nat(1e9))
      .chain(([start, length, more]) =>
        fc.record({
          span: fc.constant({ start, end: start + length, total: start + length + more }),
          delivered: fc.nat(length - 1),
        }),
      );
    fc.assert(
      fc.property(parts, ({ span, delivered }) => {
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(remainingRange(span, delivered))!;
        const length = Number(to) + 1 - Number(from);
        expect(length).toBe(span.end - span.start - delivered);
        const range = `bytes ${from}-${to}/${span.total}`;
        const answer = spanOf(206, String(length), range);
        expect(continuesSpan(span, delivered, answer)).toBe(true);
      }),
    );
  });

  const SPAN = { start: 100, end: 200, total: 1000 };

  it.each([
    ['nothing', null, false],
    ['the whole file', { start: 0, end: 1000, total: 1000 }, false],
    ['another part', { start: 149, end: 200, total: 1000 }, false],
    ['less', { start: 150, end: 199, total: 1000 }, false],
    ['another file', { start: 150, end: 200, total: 999 }, false],
    ['the rest', { start: 150, end: 200, total: 1000 }, true],
    ['the rest of a file of unknown length', { start: 150, end: 200, total: null }, true],
  ])('is not continued by %s', (_what, answer, expected) =>
    expect(continuesSpan(SPAN, 50, answer)).toBe(expected),
  );
});
