const WITHIN_MS = 240_000;

/**
 * Tests that run at the same time, because each mostly waits for the deadlines that it proves; all of them before the
 * first one of their group is told. What they start ends with the file. A test may need nothing that another one changes.
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
