import { readTime } from './xmltv-time';

const at = (iso: string): number => Date.parse(iso) / 1000;

it.each<[string, number | null]>([
  ['20261130183000 +0100', at('2026-11-30T17:30:00Z')],
  ['20261130183000 -0330', at('2026-11-30T22:00:00Z')],
  ['20261130183000+02:00', at('2026-11-30T16:30:00Z')],
  ['20261130183000 UTC', at('2026-11-30T18:30:00Z')],
  ['20261130183000', at('2026-11-30T18:30:00Z')],
  ['202611301830 +0000', at('2026-11-30T18:30:00Z')],
  ['20261130', at('2026-11-30T00:00:00Z')],
  ['', null],
  ['tomorrow', null],
  ['19000101000000', null],
  ['99990101000000', null],
])('reads %j', (text, expected) => {
  expect(readTime(text)).toBe(expected);
});
