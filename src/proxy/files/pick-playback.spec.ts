import fc from 'fast-check';
import { pickPlayback, type PlaybackFacts, type RequestFacts } from './pick-playback';

const NOW_MS = 100_000;

function reading(client: string, nothingTakenForMs: number | null = null): PlaybackFacts {
  const idleSinceMs = nothingTakenForMs === null ? null : NOW_MS - nothingTakenForMs;
  return { client, hasViewer: true, idleSinceMs };
}

function left(client: string, agoMs: number): PlaybackFacts {
  return { client, hasViewer: false, idleSinceMs: NOW_MS - agoMs };
}

/** A request of the client `me`, long enough after its arrival for its older connection to have closed. */
function request(facts: Partial<RequestFacts> = {}): RequestFacts {
  return {
    client: 'me',
    hasToken: false,
    isFromStart: false,
    arrivedMs: NOW_MS - 300,
    isRefused: false,
    ...facts,
  };
}

const START = request({ isFromStart: true });
const SEEK = request();
const OPEN = { kind: 'open', waitFor: 'slot' };
const OPEN_AT_ONCE = { kind: 'open', waitFor: 'answer' };
const REFUSE = { kind: 'refuse' };

function waitFor(ms: number): object {
  return { kind: 'wait', untilMs: NOW_MS + ms };
}

type Row = [string, PlaybackFacts[], RequestFacts, object | number];

describe('the playback for a request', () => {
  // A number in a row is the index of the playback that is continued.
  const rows: Row[] = [
    ['opens the first', [], START, OPEN],
    ['opens the first also in the middle', [], SEEK, OPEN],
    ['from the start: its own unread one', [left('you', 9), left('me', 1)], START, 1],
    ['from the start: the one unread for longest', [left('a', 1), left('b', 9)], START, 1],
    [
      'from the start: never one that is being read',
      [reading('you'), reading('me', 60_000)],
      START,
      OPEN,
    ],
    ['a seek: its own that it left last', [left('me', 9), left('me', 1), left('you', 99)], SEEK, 1],
    ['a seek: its own unread one', [reading('me'), reading('me', 3000), left('you', 9)], SEEK, 1],
    ['a seek: its own longest unread one', [reading('me', 3001), reading('me', 9000)], SEEK, 1],
    ['a seek: an unread one of other clients', [reading('me', 2999), left('you', 9)], SEEK, 1],
    ['a seek: never one that another client reads', [reading('you', 60_000)], SEEK, OPEN],
    ['a seek: another engine, without waiting for one', [reading('me', 2999)], SEEK, OPEN_AT_ONCE],
    [
      'a token: its own, even while it is being read',
      [reading('you'), reading('me')],
      request({ hasToken: true }),
      1,
    ],
    [
      'a token from the start: its own as well',
      [left('you', 9), reading('me')],
      request({ hasToken: true, isFromStart: true }),
      1,
    ],
    ['a new token: another engine', [reading('you')], request({ hasToken: true }), OPEN],
    [
      'waits for its older connection to close',
      [reading('me')],
      request({ isFromStart: true, arrivedMs: NOW_MS - 100 }),
      waitFor(150),
    ],
    [
      'does not wait for connections of others',
      [reading('you')],
      request({ isFromStart: true, arrivedMs: NOW_MS - 100 }),
      OPEN,
    ],
    [
      'without an engine: waits for a viewer to leave',
      [reading('you')],
      { ...START, isRefused: true },
      waitFor(250),
    ],
    [
      'without an engine: refused after 1.5 s',
      [reading('you')],
      { ...START, isRefused: true, arrivedMs: NOW_MS - 1500 },
      REFUSE,
    ],
    [
      'a seek without an engine: waits until its own is unread',
      [reading('me', 1000)],
      { ...SEEK, isRefused: true, arrivedMs: NOW_MS - 1500 },
      waitFor(250),
    ],
    [
      'a seek without an engine: refused after 4 s while its own are read',
      [reading('me')],
      { ...SEEK, isRefused: true, arrivedMs: NOW_MS - 4000 },
      REFUSE,
    ],
    ['without an engine and without playbacks: refused', [], { ...START, isRefused: true }, REFUSE],
  ];

  it.each(rows)('%s', (_what, playbacks, asked, expected) => {
    const pick = pickPlayback(playbacks, asked, NOW_MS);
    expect(pick).toEqual(
      typeof expected === 'number' ? { kind: 'continue', playback: playbacks[expected] } : expected,
    );
  });

  it('replaces a viewer only in an unread playback of the same client, or by token', () => {
    const playback = fc.record({
      client: fc.constantFrom('me', 'you'),
      hasViewer: fc.boolean(),
      idleSinceMs: fc.option(fc.integer({ min: NOW_MS - 10_000, max: NOW_MS })),
    });
    const asked = fc.record({
      client: fc.constant('me'),
      hasToken: fc.boolean(),
      isFromStart: fc.boolean(),
      arrivedMs: fc.integer({ min: NOW_MS - 5000, max: NOW_MS }),
      isRefused: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(playback, { maxLength: 8 }), asked, (playbacks, facts) => {
        const pick = pickPlayback(playbacks, facts, NOW_MS);
        if (pick.kind !== 'continue' || !pick.playback.hasViewer) return;
        expect(pick.playback.client).toBe('me');
        if (facts.hasToken) return;
        expect(facts.isFromStart).toBe(false);
        expect(NOW_MS - pick.playback.idleSinceMs!).toBeGreaterThanOrEqual(3000);
      }),
    );
  });
});
