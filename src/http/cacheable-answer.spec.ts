import { acceptsGzip, isUnchanged } from './cacheable-answer';

it.each<[string | undefined, boolean]>([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['deflate, GZIP;q=0.5, br', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000, *', false],
  ['*', true],
  ['*;q=0', false],
  ['identity, br', false],
  ['gzipped', false],
  ['gzip;q=nonsense', false],
])('Accept-Encoding %j: %s', (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected);
});

it.each<[string | undefined, boolean]>([
  [undefined, false],
  ['"a"', true],
  ['"b", W/"a"', true],
  ['*', true],
  ['"b"', false],
  ['a', false],
  ['', false],
])('If-None-Match %j: %s', (header, expected) => {
  expect(isUnchanged(header, '"a"')).toBe(expected);
});
