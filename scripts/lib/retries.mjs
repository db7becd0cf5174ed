/** If more files have failed, the load of the machine is probably not the cause. */
const MAX_FILES = 2;
/** Time limit of all retries together. */
export const RETRY_BUDGET_MS = 4 * 60_000;

/**
 * Selects the test files to run once more, alone: those that failed in a step whose tests depend on the load of the
 * machine, unless too many failed.
 * @param {(import('./tally.mjs').JestRun & { mayRetry: boolean })[]} runs
 * @returns {{ name: string, path: string }[]}
 */
export function chooseRetries(runs) {
  const failed = runs
    .filter(({ mayRetry }) => mayRetry)
    .flatMap(({ name, files }) =>
      files.filter((file) => file.failed > 0).map(({ path }) => ({ name, path })),
    );
  return failed.length <= MAX_FILES ? failed : [];
}

/**
 * Returns the run after one of its failed files ran once more. If the file passed, its result replaces the failed
 * one, and the file is marked as flaky. If it failed again, the run is unchanged.
 * @param {import('./tally.mjs').JestRun} run @param {string} path @param {import('./tally.mjs').JestRun} second
 * @returns {import('./tally.mjs').JestRun}
 */
export function settleRetry(run, path, second) {
  const again = second.files.find((file) => file.path === path);
  const hasPassed = again !== undefined && again.failed === 0 && again.passed > 0;
  if (!hasPassed || second.trouble !== null) return run;
  const replace = (file) => {
    if (file.path !== path) return file;
    const error = (file.error ?? 'no message').replaceAll('\n', '\n    ');
    return { ...again, notes: [...again.notes, `flaky: ${path}\n    ${error}`] };
  };
  return { ...run, files: run.files.map(replace) };
}
