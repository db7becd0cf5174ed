import { redirectAddress } from './target-address';

const FROM = new URL('https://tv.example/list/a.m3u?x=1');

it.each([
  ['b.m3u', 'https://tv.example/list/b.m3u'],
  ['//other.example/', 'https://other.example/'],
  ['https://u:p@other.example:444/a', 'https://u:p@other.example:444/a'],
])('a redirect to %s leads to %s', (location, expected) => {
  expect(redirectAddress(location, FROM).href).toBe(expected);
});

it.each(['http://tv.example/', 'file:///etc/passwd', 'https://'])(
  'a redirect from https to %s is refused',
  (location) => {
    expect(() => redirectAddress(location, FROM)).toThrow(
      expect.objectContaining({ code: 'outbound_refused' }),
    );
  },
);
