import fc from 'fast-check';
import { isDeviceId, newDeviceId } from './device-id';

it('makes ids that are valid, and invalid with any one digit changed', () => {
  const bytes = fc.uint8Array({ minLength: 3, maxLength: 3 }).map((one) => Buffer.from(one));
  fc.assert(
    fc.property(bytes, fc.nat(7), fc.integer({ min: 1, max: 15 }), (random, at, by) => {
      const id = newDeviceId(random);
      expect(id).toMatch(/^1[0-9A-F]{7}$/);
      expect(isDeviceId(id)).toBe(true);
      const changed = (parseInt(id[at]!, 16) ^ by).toString(16).toUpperCase();
      expect(isDeviceId(id.slice(0, at) + changed + id.slice(at + 1))).toBe(false);
    }),
  );
});

it('makes another id each time', () => {
  expect(new Set(Array.from({ length: 50 }, () => newDeviceId())).size).toBeGreaterThan(45);
});

it.each([
  ['1038BD6A', true],
  ['1080F19F', true],
  ['12345678', false],
  ['FFFFFFFF', false],
  ['', false],
  ['1234567', false],
  ['1zzzzzzz', false],
])('%s: %s', (id, expected) => {
  expect(isDeviceId(id)).toBe(expected);
});
