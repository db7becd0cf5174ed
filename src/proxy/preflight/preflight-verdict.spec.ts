import fc from 'fast-check';
import { AppError, ERROR_CATALOG, type ErrorCode } from '../../kernel/errors';
import { answers, hasRoom, type EngineRoom } from './engine-room';
import { verdictOfError, verdictOfRecording, verdictOfResolution } from './preflight-verdict';

const INFOHASH = 'a'.repeat(40);

function room(changes: Partial<EngineRoom> = {}): EngineRoom {
  return {
    id: 'e',
    state: 'healthy',
    activeStreams: 0,
    maxStreams: 3,
    vpnHealthy: null,
    ...changes,
  };
}

describe('the verdict', () => {
  const OF_CONTENT = ['content_not_found', 'unsupported_content', 'start_timeout'];

  it.each(Object.keys(ERROR_CATALOG) as ErrorCode[])('of the error %s', (code) => {
    const verdict = verdictOfError(new AppError(code, 'words'), 'deep', 'engine');
    if (OF_CONTENT.includes(code)) {
      expect(verdict).toMatchObject({
        playable: false,
        reason: code,
        detail: 'words',
        tier: 'deep',
      });
    } else {
      expect(verdict).toBeNull();
    }
  });

  it('says when to ask again only where a failure is remembered', () => {
    const error = new AppError('start_timeout', '', { retryAfterS: 7 });
    expect(verdictOfError(error, 'light', 'memory')?.retryAfterS).toBe(7);
    expect(verdictOfError(error, 'light', 'engine')?.retryAfterS).toBeNull();
  });

  it.each([
    [1, true],
    [0, false],
    [-1, null],
  ] as const)('of a resolution with is_live %d', (isLive, told) => {
    const resolution = { infohash: INFOHASH, name: 'One', isLive, fileCount: 1 };
    expect(verdictOfResolution(resolution, 'e1')).toMatchObject({
      playable: true,
      reason: null,
      isLive: told,
      infohash: INFOHASH,
      name: 'One',
      engineId: 'e1',
    });
  });
});

describe('the verdict of a file', () => {
  it.each([
    ['e1', 'running_session'],
    [null, 'memory'],
  ])('that is played on %j comes from %s', (engineId, source) => {
    expect(verdictOfRecording({ infohash: INFOHASH, isLive: 0 }, engineId)).toMatchObject({
      playable: true,
      tier: 'light',
      source,
      isLive: false,
      engineId,
    });
  });
});

describe('room for a check', () => {
  it.each<[string, EngineRoom[], number, boolean]>([
    ['no engine', [], 0, false],
    ['one slot, none kept', [room({ maxStreams: 1 })], 0, true],
    ['one slot, one kept', [room({ maxStreams: 1 })], 1, false],
    [
      'two slots on two engines, one kept',
      [room({ activeStreams: 2 }), room({ activeStreams: 2 })],
      1,
      true,
    ],
    ['all full', [room({ activeStreams: 3 })], 0, false],
    [
      'more in use than there is',
      [room({ activeStreams: 9 }), room({ activeStreams: 2 })],
      1,
      false,
    ],
    ['only on an engine that does not work', [room({ state: 'unhealthy' })], 0, false],
    ['only on one that is being drained', [room({ state: 'draining' })], 0, false],
    ['only behind a broken VPN', [room({ vpnHealthy: false })], 0, false],
    ['on a doubtful one', [room({ state: 'suspect' })], 1, true],
  ])('%s', (_, engines, keepFree, expected) => expect(hasRoom(engines, keepFree)).toBe(expected));

  it('is never the room that is kept', () => {
    const engine = fc.record({
      id: fc.constant('e'),
      state: fc.constantFrom('healthy', 'suspect', 'starting', 'gone'),
      activeStreams: fc.nat({ max: 5 }),
      maxStreams: fc.integer({ min: 1, max: 5 }),
      vpnHealthy: fc.constantFrom(null, true, false),
    });
    fc.assert(
      fc.property(fc.array(engine, { maxLength: 6 }), fc.nat({ max: 10 }), (engines, keepFree) => {
        if (!hasRoom(engines, keepFree)) return;
        const used = engines
          .filter(answers)
          .map((one) => Math.min(one.activeStreams, one.maxStreams));
        const all = engines.filter(answers).map((one) => one.maxStreams);
        const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);
        // One slot is taken, and as many as are to be kept are still there.
        expect(sum(all) - sum(used) - 1).toBeGreaterThanOrEqual(keepFree);
      }),
    );
  });
});
