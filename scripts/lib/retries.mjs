/** More than that is no accident. */
const MAX_FILES = 2;
/** All of them together. */
export const RETRY_BUDGET_MS = 4 * 60_000;

/**
 * The test files that are run once more, alone: those that failed in a step whose tests depend on how busy the machine
 * is, unless more failed than accidents do.
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
 * The run after one of its failed files was run once more. A file that passed then takes the place of the one that
 * failed, and is named as flaky. One that failed twice stays as it was.
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
