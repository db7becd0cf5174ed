import fc from 'fast-check';
import { AppError } from '../kernel/errors';
import { startTarget } from './start-request';

const ID = '0123456789abcdef0123456789abcdef01234567';
const PID = '6f1f1a52-8c1b-4d2e-9a77-0c9f6f0e5b11';
const CANONICAL = new RegExp(
  '^/ace/getstream\\?format=json&' +
    "(?:(?:id|infohash)=[0-9a-f]{40}|(?:url|magnet)=[A-Za-z0-9\\-_.!~*'()%]+)" +
    `(?:&_idx=[1-9][0-9]*)?&pid=${PID}$`,
);

describe('startTarget', () => {
  it.each([
    ['content_id', ID, 0, `id=${ID}`],
    ['infohash', ID, 0, `infohash=${ID}`],
    ['infohash', ID, 3, `infohash=${ID}&_idx=3`],
    ['url', 'http://h/a b.acelive?x=1&y', 0, 'url=http%3A%2F%2Fh%2Fa%20b.acelive%3Fx%3D1%26y'],
    ['magnet', 'magnet:?xt=urn:btih:a', 0, 'magnet=magnet%3A%3Fxt%3Durn%3Abtih%3Aa'],
  ] as const)('%s %s, file %d', (kind, value, fileIndex, parameters) => {
    expect(startTarget({ kind, value, fileIndex }, PID)).toBe(
      `/ace/getstream?format=json&${parameters}&pid=${PID}`,
    );
  });

  it('passes the parameters of the request on to the engine', () => {
    const engineParameters = 'preferred_audio_language=eng&transcode_ac3=1';
    const target = startTarget(
      { kind: 'infohash', value: ID, fileIndex: 3, engineParameters },
      PID,
    );
    expect(target).toBe(
      `/ace/getstream?format=json&infohash=${ID}&_idx=3&${engineParameters}&pid=${PID}`,
    );
  });

  it.each([
    ['content_id', ID.toUpperCase(), 0],
    ['content_id', `${ID}&url=x`, 0],
    ['content_id', `${ID}\n`, 0],
    ['infohash', '', 0],
    ['infohash', ID, -1],
    ['infohash', ID, 1.5],
    ['infohash', ID, Number.NaN],
    ['url', '', 0],
    ['url', '\ud800', 0],
    ['magnet', 'm'.repeat(5000), 0],
  ] as const)('refuses %s %j, file %d', (kind, value, fileIndex) => {
    expect(() => startTarget({ kind, value, fileIndex }, PID)).toThrow(
      expect.objectContaining({ code: 'invalid_selector' }),
    );
  });

  it('refuses a player id that is not a plain token', () => {
    const selector = { kind: 'infohash', value: ID, fileIndex: 0 } as const;
    expect(() => startTarget(selector, 'a&id=b')).toThrow(AppError);
  });

  it('returns one of the canonical forms or throws, for any selector', () => {
    const hexLike = fc.oneof(fc.constant(ID), fc.stringMatching(/^[0-9a-fA-F&#%=?/ \r\n]{0,48}$/));
    fc.assert(
      fc.property(
        fc.constantFrom('content_id', 'infohash', 'url', 'magnet'),
        fc.oneof(fc.string({ unit: 'binary' }), fc.string(), hexLike),
        fc.oneof(fc.nat(20), fc.double()),
        (kind, value, fileIndex) => {
          let target: string;
          try {
            target = startTarget({ kind, value, fileIndex }, PID);
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid_selector' });
            return;
          }
          expect(target).toMatch(CANONICAL);
          if (kind === 'url' || kind === 'magnet') {
            expect(new URL(target, 'http://e').searchParams.get(kind)).toBe(value);
          }
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
