import fc from 'fast-check';
import { behindHeaders, readBehindMs } from './time-shift';

const read = (query: string): number | null => readBehindMs(new URLSearchParams(query));

describe('behind', () => {
  it.each([
    ['', null],
    ['id=x', null],
    ['behind=0', 0],
    ['behind=20', 20_000],
    ['behind=7.5', 7500],
    ['behind=0.001', 1],
    ['behind=86400', 86_400_000],
  ])('%s is %p ms', (query, expected) => expect(read(query)).toBe(expected));

  it.each(['behind', 'behind=', 'behind=-1', 'behind=1,5', 'behind=86400.1', 'behind=1&behind=2'])(
    '%s is refused',
    (query) => {
      expect(() => read(query)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    },
  );

  it('is a number of seconds or refused, whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String)),
        (text) => {
          let ms: number | null;
          try {
            ms = readBehindMs(new URLSearchParams({ behind: text }));
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid_request', status: 400 });
            return;
          }
          expect(ms).toBe(Math.round(Number(text) * 1000));
          expect(ms).toBeLessThanOrEqual(86_400_000);
        },
      ),
    );
  });

  it('says what was reached with one decimal, or nothing', () => {
    expect(behindHeaders(null)).toEqual({});
    expect(behindHeaders(20_449)).toEqual({ 'X-Stream-Behind': '20.4' });
    expect(behindHeaders(0)).toEqual({ 'X-Stream-Behind': '0.0' });
  });
});
