import { RuntimeError } from '../engine-runtime.port';
import { asOrderFailure, asRuntimeError } from './runtime-failure';

const OWN = new RuntimeError('no_place', 'full');
const NEVER = new AbortController().signal;

describe('what a call failed with', () => {
  it('stays as it is when it says so itself', () => {
    expect(asRuntimeError(OWN)).toBe(OWN);
    expect(asOrderFailure(OWN, NEVER)).toBe(OWN);
    expect(asOrderFailure(OWN, AbortSignal.abort())).toBe(OWN);
  });

  it.each([[new TypeError('x of undefined')], ['a word']])(
    'is an answer that makes no sense, and kept as the cause: %s',
    (thrown) => {
      const words = `Docker's answer makes no sense: ${thrown instanceof Error ? thrown.message : thrown}`;
      for (const failure of [asRuntimeError(thrown), asOrderFailure(thrown, NEVER)]) {
        expect(failure).toMatchObject({
          code: 'docker_unavailable',
          message: words,
          cause: thrown,
        });
      }
    },
  );

  it('is the end of an order whose signal fired, whatever broke by that', () => {
    const cause = new Error('the program ends');
    expect(asOrderFailure(cause, AbortSignal.abort(cause))).toMatchObject({
      code: 'runtime_refused',
      message: 'the order was called off',
      cause,
    });
  });
});
