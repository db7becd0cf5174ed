/**
 * Result of a step of the tests. @typedef {{ passed: number, failed: number, skipped: number, notes: string[] }}
 * Tally
 */

/**
 * The result of one test file. `error` is the text of its first failure; null if there is none.
 * @typedef {{ path: string, passed: number, failed: number, skipped: number, notes: string[], error: string | null }} FileTally
 * A run of jest. `trouble` is a failure that belongs to no file: a result that was never written, a bad exit code.
 * @typedef {{ name: string, files: FileTally[], trouble: string | null }} JestRun
 */

const MAX_ERROR_LINES = 12;
// eslint-disable-next-line no-control-regex -- colours of a terminal
const COLOURS = /\u001b\[[0-9;]*m/g;

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

/** Tally of a check that passes or fails as a whole. @param {string} name @param {boolean} ok @returns {Tally} */
export function tallyCheck(name, ok) {
  return {
    ...emptyTally(),
    passed: ok ? 1 : 0,
    failed: ok ? 0 : 1,
    notes: ok ? [] : [`failed: ${name}`],
  };
}

/**
 * Converts the result of one run of jest; null: jest wrote no result. A run that failed without a failed test (a worker
 * that crashed, no test found) still counts as one failure.
 * @param {string} name @param {object | null} result jest's `--json` output @param {boolean} ok jest's exit code was 0
 * @param {string} [root] paths are shown from there
 * @returns {JestRun}
 */
export function readJestRun(name, result, ok, root = '') {
  if (result === null) return { name, files: [], trouble: `${name} ended without a result` };
  const files = (result.testResults ?? []).map((suite) => tallyFile(suite, root));
  const isSilent = !ok && files.every(({ failed }) => failed === 0);
  return { name, files, trouble: isSilent ? `${name} without a failed test` : null };
}

/** @param {JestRun} run @returns {Tally} */
export function tallyJestRun({ files, trouble }) {
  return addTallies([...files, ...(trouble === null ? [] : [tallyCheck(trouble, false)])]);
}

/** On a build machine skipped tests count as failures. @param {Tally} tally @returns {Tally} */
export function countSkippedAsFailed(tally) {
  return { ...tally, failed: tally.failed + tally.skipped, skipped: 0 };
}

/** The last line of `npm test`. @param {Tally} tally */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function tallyFile(suite, root) {
  const path = suite.name.startsWith(root) ? suite.name.slice(root.length) : suite.name;
  const tests = suite.assertionResults ?? [];
  const having = (...status) => tests.filter((test) => status.includes(test.status));
  const failed = having('failed');
  const skipped = having('pending', 'todo', 'disabled');
  const didNotRun = suite.status === 'failed' && tests.length === 0;
  // A hook of the whole file failed after its tests passed.
  const didNotEnd = suite.status === 'failed' && tests.length > 0 && failed.length === 0;
  const isBroken = didNotRun || didNotEnd;
  return {
    path,
    passed: having('passed').length,
    failed: failed.length + (isBroken ? 1 : 0),
    skipped: skipped.length,
    notes: [
      ...(didNotRun ? [`failed to run: ${path}`] : []),
      ...(didNotEnd ? [`failed: ${path}`] : []),
      ...failed.map(({ fullName }) => `failed: ${fullName}`),
      ...skipped.map(({ fullName }) => `skipped: ${fullName}`),
    ],
    error: isBroken
      ? firstLines(suite.message ?? '')
      : failed.length > 0
        ? firstLines(`${failed[0].fullName}\n${failed[0].failureMessages?.[0] ?? ''}`)
        : null,
  };
}

/** The part of an error message that explains the failure, without the stack. */
function firstLines(text) {
  const lines = text
    .replace(COLOURS, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  const stackAt = lines.findIndex((line) => /^\s+at /.test(line));
  return lines
    .slice(0, stackAt < 0 ? lines.length : stackAt)
    .slice(0, MAX_ERROR_LINES)
    .join('\n');
}
