import { RuntimeError } from '../engine-runtime.port';
import { asRequestFailure, asRuntimeError, OrphanTracker } from './failed-requests';

const OWN = new RuntimeError('no_place', 'full');
const NEVER = new AbortController().signal;

describe('the failure of a provisioning request', () => {
  it('keeps the error of the runtime', () => {
    expect(asRuntimeError(OWN)).toBe(OWN);
    expect(asRequestFailure(OWN, NEVER)).toBe(OWN);
    expect(asRequestFailure(OWN, AbortSignal.abort())).toBe(OWN);
  });

  it.each([[new TypeError('x of undefined')], ['a word']])(
    'reports any other error as an invalid answer of Docker, with its cause: %s',
    (thrown) => {
      const words = `Docker gave an invalid answer: ${thrown instanceof Error ? thrown.message : thrown}`;
      for (const failure of [asRuntimeError(thrown), asRequestFailure(thrown, NEVER)]) {
        expect(failure).toMatchObject({
          code: 'docker_unavailable',
          message: words,
          cause: thrown,
        });
      }
    },
  );

  it('is a cancellation when the signal fired, whatever error followed', () => {
    const cause = new Error('the program ends');
    expect(asRequestFailure(cause, AbortSignal.abort(cause))).toMatchObject({
      code: 'runtime_refused',
      message: 'the request was cancelled',
      cause,
    });
  });
});

describe('OrphanTracker', () => {
  it('remembers the newest 200 requests until they are tried again', () => {
    const orphans = new OrphanTracker();
    for (let index = 0; index <= 200; index += 1) orphans.add(`request ${index}`);
    expect(['request 0', 'request 1', 'request 200'].map((key) => orphans.has(key))).toEqual([
      ...[false, true, true],
    ]);
    orphans.delete('request 1');
    expect(orphans.has('request 1')).toBe(false);
  });
});
