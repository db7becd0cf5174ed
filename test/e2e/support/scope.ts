/**
 * What a spec started is ended by the spec's hooks, also when a test failed half-way: what a test (or a
 * `beforeEach`) started ends after that test, what a `beforeAll` started ends after the file. The newest goes first,
 * so viewers leave before their product, and products before their engines.
 *
 * Importing this module installs the hooks; a spec does so by importing `./support`.
 */
type Release = () => Promise<void> | void;

const scopes: Release[][] = [[]];

/** Has `release` called when the present test, or else the present file, is over. */
export function onScopeEnd(release: Release): void {
  scopes.at(-1)!.push(release);
}

async function end(scope: Release[] | undefined): Promise<void> {
  const failures: unknown[] = [];
  for (const release of (scope ?? []).reverse()) {
    try {
      await release();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\n'));
}

beforeEach(() => {
  scopes.push([]);
});
afterEach(() => {
  // When a `beforeAll` threw, no `beforeEach` opened a scope: the file's own is not to be closed here.
  if (scopes.length > 1) return end(scopes.pop());
});
afterAll(() => end(scopes.shift()));
