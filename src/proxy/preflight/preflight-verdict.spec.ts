import fc from 'fast-check';
import { AppError, ERROR_CATALOG, type ErrorCode } from '../../kernel/errors';
import { isUsable, hasRoom, type EngineRoom } from './engine-room';
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

describe('the verdict of a check', () => {
  const OF_CONTENT = ['content_not_found', 'unsupported_content', 'start_timeout'];

  it.each(Object.keys(ERROR_CATALOG) as ErrorCode[])('for the error %s', (code) => {
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

  it('gives a retry time only for a remembered failure', () => {
    const error = new AppError('start_timeout', '', { retryAfterS: 7 });
    expect(verdictOfError(error, 'light', 'memory')?.retryAfterS).toBe(7);
    expect(verdictOfError(error, 'light', 'engine')?.retryAfterS).toBeNull();
  });

  it.each([
    [1, true],
    [0, false],
    [-1, null],
  ] as const)('for a resolution with is_live %d', (isLive, expected) => {
    const resolution = { infohash: INFOHASH, name: 'One', isLive, fileCount: 1 };
    expect(verdictOfResolution(resolution, 'e1')).toMatchObject({
      playable: true,
      reason: null,
      isLive: expected,
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
  ])('played on %j has the source %s', (engineId, source) => {
    expect(verdictOfRecording({ infohash: INFOHASH, isLive: 0 }, engineId)).toMatchObject({
      playable: true,
      tier: 'light',
      source,
      isLive: false,
      engineId,
    });
  });
});

describe('free slots for a check', () => {
  it.each<[string, EngineRoom[], number, boolean]>([
    ['no engine', [], 0, false],
    ['one slot, none reserved', [room({ maxStreams: 1 })], 0, true],
    ['one slot, one reserved', [room({ maxStreams: 1 })], 1, false],
    [
      'two slots on two engines, one reserved',
      [room({ activeStreams: 2 }), room({ activeStreams: 2 })],
      1,
      true,
    ],
    ['all slots in use', [room({ activeStreams: 3 })], 0, false],
    [
      'more slots in use than exist',
      [room({ activeStreams: 9 }), room({ activeStreams: 2 })],
      1,
      false,
    ],
    ['only on an unhealthy engine', [room({ state: 'unhealthy' })], 0, false],
    ['only on an engine that is being drained', [room({ state: 'draining' })], 0, false],
    ['only behind an unhealthy VPN', [room({ vpnHealthy: false })], 0, false],
    ['on a suspect engine', [room({ state: 'suspect' })], 1, true],
  ])('%s', (_, engines, keepFree, expected) => expect(hasRoom(engines, keepFree)).toBe(expected));

  it('never include the reserved ones', () => {
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
          .filter(isUsable)
          .map((one) => Math.min(one.activeStreams, one.maxStreams));
        const all = engines.filter(isUsable).map((one) => one.maxStreams);
        const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);
        // After the check takes one slot, the reserved number must still be free.
        expect(sum(all) - sum(used) - 1).toBeGreaterThanOrEqual(keepFree);
      }),
    );
  });
});
