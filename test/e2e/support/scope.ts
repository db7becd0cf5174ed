import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Ends everything that a spec started, by hooks of the spec, also when a test fails: what a test (or a
 * `beforeEach`) started ends after that test, what a `beforeAll` started ends after the file. The newest ends
 * first, so viewers leave before their product, and products end before their engines.
 *
 * Importing this module installs the hooks; a spec does so by importing `./support`. Hooks do not run around tests
 * of `it.concurrent`, which have their own scope (`scoped`).
 */
type Release = () => Promise<void> | void;

class Scope {
  readonly releases: Release[] = [];
  isOver = false;
}

const scopes: Scope[] = [new Scope()];
const own = new AsyncLocalStorage<Scope>();

/**
 * Calls `release` when the current test, or else the current file, is over.
 *
 * @throws if that is over already, as after a time-out; `release` is then called immediately
 */
export function onScopeEnd(release: Release): void {
  const scope = own.getStore() ?? scopes.at(-1)!;
  if (!scope.isOver) {
    scope.releases.push(release);
    return;
  }
  void Promise.resolve()
    .then(release)
    .catch(() => undefined);
  throw new Error('what this was started for is over');
}

/** A test for `it.concurrent`, that is, one that mostly waits and that concurrent tests cannot disturb. */
export function scoped<A extends unknown[]>(
  test: (...args: A) => Promise<void>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const scope = new Scope();
    try {
      await own.run(scope, () => test(...args));
    } catch (error) {
      await end(scope).catch(() => undefined);
      throw error;
    }
    await end(scope);
  };
}

async function end(scope: Scope): Promise<void> {
  const failures: unknown[] = [];
  for (let release = scope.releases.pop(); release; release = scope.releases.pop()) {
    try {
      await release();
    } catch (error) {
      failures.push(error);
    }
  }
  scope.isOver = true;
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\n'));
}

beforeEach(() => {
  scopes.push(new Scope());
});
afterEach(() => {
  // If a `beforeAll` threw, no `beforeEach` opened a scope, and the file's scope must not be closed here.
  if (scopes.length > 1) return end(scopes.pop()!);
});
afterAll(() => end(scopes[0]!));
