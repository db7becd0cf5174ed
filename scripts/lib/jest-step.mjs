import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { runCommand } from './command.mjs';
import { ROOT } from './prepare.mjs';
import { readJestRun } from './tally.mjs';

const JEST = join('node_modules', 'jest', 'bin', 'jest.js');
const TIMEOUT_MS = 45 * 60_000;

/**
 * Runs jest to its end.
 * @param {string} name of the suite, as in jest.NAME.config.cjs
 * @param {{ patterns?: string[], path?: string, show?: boolean, timeoutMs?: number, env?: Record<string, string> }} options
 *   `patterns` choose test files, `path` is the only one; `show` lets the output through, otherwise it is returned
 * @returns {Promise<{ run: import('./tally.mjs').JestRun, output: string }>}
 */
export async function runJest(
  name,
  { patterns = [], path, show = false, timeoutMs = TIMEOUT_MS, env = {} },
) {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-test-'));
  const outputFile = join(folder, 'result.json');
  try {
    const args = [
      ...[JEST, '--config', `jest.${name}.config.cjs`, '--json', '--outputFile', outputFile],
      // With several suites a pattern may belong to one of the others.
      ...(patterns.length > 0 ? ['--passWithNoTests', ...patterns] : []),
      ...(path === undefined ? [] : ['--runTestsByPath', path]),
    ];
    const options = { cwd: ROOT, timeoutMs, show, env };
    const { ok, output } = await runCommand(process.execPath, args, options);
    const result = existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, 'utf8')) : null;
    return { run: readJestRun(name, result, ok, `${ROOT}${sep}`), output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
