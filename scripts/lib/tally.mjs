/** What a step of the tests came to. @typedef {{ passed: number, failed: number, skipped: number, notes: string[] }} Tally */

/** @returns {Tally} */
export function emptyTally() {
  return { passed: 0, failed: 0, skipped: 0, notes: [] };
}

/** Sum of tallies. @param {Tally[]} tallies @returns {Tally} */
export function addTallies(tallies) {
  return tallies.reduce(
    (sum, { passed, failed, skipped, notes }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
      notes: [...sum.notes, ...notes],
    }),
    emptyTally(),
  );
}

/** Tally of a check that is either fine or not. @param {string} name @param {boolean} ok @returns {Tally} */
export function tallyCheck(name, ok) {
  return {
    ...emptyTally(),
    passed: ok ? 1 : 0,
    failed: ok ? 0 : 1,
    notes: ok ? [] : [`failed: ${name}`],
  };
}

/**
 * Tally of one run of jest, from its own result. Null stands for a result that was never written. A run
 * that failed without a failed test (a worker that died, no test found) still counts as one failure.
 * @param {string} name @param {object | null} result jest's `--json` output @param {boolean} ok jest's exit code was 0
 * @returns {Tally}
 */
export function tallyJest(name, result, ok) {
  if (result === null) return tallyCheck(`${name} ended without a result`, false);
  const suites = result.testResults ?? [];
  const tests = suites.flatMap((suite) => suite.assertionResults ?? []);
  const named = (status) =>
    tests.filter((test) => status.includes(test.status)).map((t) => t.fullName);
  const notes = [
    ...suites
      .filter((suite) => suite.status === 'failed' && (suite.assertionResults ?? []).length === 0)
      .map((suite) => `failed to run: ${suite.name}`),
    ...named(['failed']).map((test) => `failed: ${test}`),
    ...named(['pending', 'todo', 'disabled']).map((test) => `skipped: ${test}`),
  ];
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const isSilentFailure = !ok && failed === 0;
  return {
    passed: result.numPassedTests,
    failed: isSilentFailure ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
    notes: isSilentFailure ? [...notes, `failed: ${name} without a failed test`] : notes,
  };
}

/** On a build machine nothing may be left out unseen. @param {Tally} tally @returns {Tally} */
export function countSkippedAsFailed(tally) {
  return { ...tally, failed: tally.failed + tally.skipped, skipped: 0 };
}

/** The last line of `npm test`. @param {Tally} tally */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
