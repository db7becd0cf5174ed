import fc from 'fast-check';
import { isHostValue } from './host-value';

describe('isHostValue', () => {
  it.each([
    'tv.example.org',
    'tv.example.org:8000',
    'LOCALHOST:1',
    'my_server:8000',
    'acefleet-1.stack_default',
    '192.168.1.10:8000',
    '[::1]',
    '[2001:db8::7]:8000',
    '[::ffff:10.0.0.1]:80',
    'xn--bcher-kva.example',
    'tv.example.org.',
    'a:',
  ])('accepts %s', (text) => {
    expect(isHostValue(text)).toBe(true);
  });

  it.each([
    '',
    'evil"><script>/x',
    'a/b',
    'a\\b',
    'user@host',
    'a b',
    'a\tb',
    'a#b',
    'a?b',
    'a:b',
    'a:1:2',
    'a:99999',
    'a:123456',
    ':8000',
    '::1',
    '[::1',
    '[::1]x',
    '[1.2.3.4]',
    '[g::1]',
    '[fe80::1%25eth0]',
    '[]',
    '%zz',
    'b%C3%BCcher.example',
    'a%00b',
    "evil'onerror=alert(1)",
    'a,b',
    'a;b',
    '$(id)',
    '*',
    '.',
    '.a',
    'a..b',
    'bücher.example',
    'a\0',
    `${'a'.repeat(300)}.example`,
  ])('refuses %j', (text) => {
    expect(isHostValue(text)).toBe(false);
  });

  it('accepts no text that could change more than the host of a URL', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        if (!isHostValue(text)) return;
        expect(text).not.toMatch(/[^\w.:[\]-]/);
      }),
    );
  });
});
