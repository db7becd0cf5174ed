const WITHIN_MS = 240_000;

/**
 * Runs tests at the same time, because each mostly waits for deadlines. All of them finish before the first test of
 * their group is reported. Processes that they start end with the file. A test must not depend on state that
 * another one changes.
 */
export function concurrently(tests: Readonly<Record<string, () => Promise<void>>>): void {
  const names = Object.keys(tests);
  let endings: PromiseSettledResult<void>[] = [];
  beforeAll(async () => {
    endings = await Promise.allSettled(Object.values(tests).map((test) => test()));
  }, WITHIN_MS);
  it.each(names)('%s', (name) => {
    const ending = endings[names.indexOf(name)]!;
    if (ending.status === 'rejected') throw ending.reason;
  });
}
