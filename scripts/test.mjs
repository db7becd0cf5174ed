// `npm test`: runs every check and test, each step even if an earlier one failed. Arguments select steps and, after
// a step of jest, test files: `npm test -- lint types`, `npm test -- e2e hls moves`. A test file of the e2e and
// Docker suites that failed runs once more at the end. The last line of the output is the tally.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './lib/command.mjs';
import { runJest } from './lib/jest-step.mjs';
import { Preparation, PreparationError, ROOT } from './lib/prepare.mjs';
import { chooseRetries, RETRY_BUDGET_MS, settleRetry } from './lib/retries.mjs';
import {
  addTallies,
  countSkippedAsFailed,
  readJestRun,
  summaryLine,
  tallyCheck,
  tallyJestRun,
} from './lib/tally.mjs';
import { readTestArguments } from './lib/test-arguments.mjs';
import {
  endTestProcesses,
  removeTestContainers,
  removeTestImages,
  RUN_VARIABLE,
} from './lib/test-remains.mjs';

const CHECK_TIMEOUT_MS = 5 * 60_000;

/** Child processes inherit it, so that leftovers of tests can be found. */
const RUN = randomUUID();

const OPENAPI = join('docs', 'openapi.json');

const bin = (...path) => join('node_modules', ...path);

/** In order of execution, quick steps first. `group` is another name for selecting steps. */
const STEPS = [
  check('format', 'lint', [
    bin('prettier', 'bin', 'prettier.cjs'),
    '--check',
    '--log-level',
    'warn',
    '.',
  ]),
  check('eslint', 'lint', [bin('eslint', 'bin', 'eslint.js'), '--max-warnings', '0', '.']),
  check('imports', 'lint', [
    bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
    ...['--config', '.dependency-cruiser.cjs', 'src', 'simulator/src', 'bench/src'],
  ]),
  check('types', 'types', [
    bin('typescript', 'bin', 'tsc'),
    '--noEmit',
    '-p',
    'tsconfig.check.json',
  ]),
  check('client', 'types', [
    bin('typescript', 'bin', 'tsc'),
    ...['-p', join('clients', 'typescript')],
  ]),
  check('docs', 'docs', [join('dist-docs', 'docs.js'), '--check'], {
    needs: join('dist-docs', 'docs.js'),
  }),
  check('client types', 'docs', [join('scripts', 'client-types.mjs'), '--check']),
  check('redocly', 'docs', [bin('@redocly', 'cli', 'bin', 'cli.js'), 'lint', OPENAPI], {
    env: { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  }),
  check('spectral', 'docs', [
    bin('@stoplight', 'spectral-cli', 'dist', 'index.js'),
    ...['lint', '--fail-severity', 'warn', OPENAPI],
  ]),
  jest('unit'),
  // These depend on the load of the machine. Both mostly wait, for deadlines and for containers, so running them at
  // the same time halves the duration.
  jest('e2e', { needs: join('dist', 'main.js'), mayRetry: true }),
  jest('docker', { needs: join('dist', 'main.js'), mayRetry: true, isBeside: true }),
];

const { names, patterns, unknown } = readTestArguments(process.argv.slice(2), STEPS);

if (unknown !== null) {
  const known = new Set(STEPS.flatMap(({ name, group }) => [name, group]));
  process.stderr.write(`unknown step ${unknown}; steps are ${[...known].join(', ')}\n`);
  process.exitCode = 2;
} else {
  const isChosen = ({ name, group }) =>
    names.length === 0 || names.includes(name) || names.includes(group);
  finish(await runSteps(STEPS.filter(isChosen)));
}

async function runSteps(steps) {
  const preparation = new Preparation('npm test');
  const dependencies = await prepare('installing', () => preparation.install());
  if (dependencies.failed > 0) return dependencies;
  // A failed build is one failure of its own; steps that do not need the build still run.
  const tallies = [
    await prepare('building', () => preparation.build(['product', 'simulator', 'docs'])),
  ];
  const runs = [];
  const take = ({ tally, run }) => (run === undefined ? tallies.push(tally) : runs.push(run));
  for (const [index, step] of steps.entries()) {
    if (step.isBeside && index > 0) continue;
    process.stdout.write(`\n== ${step.name}\n`);
    const next = steps[index + 1];
    const beside = next?.isBeside ? next : null;
    const besides = beside?.run(false);
    take(await step.run(true));
    if (beside === null) continue;
    const outcome = await besides;
    process.stdout.write(`\n== ${beside.name}\n${outcome.output ?? ''}`);
    take(outcome);
  }
  const settled = await retry(runs);
  if (hasDocker(runs)) {
    removeTestContainers(RUN);
    removeTestImages(RUN);
  }
  return addTallies([...tallies, ...settled.map(tallyJestRun)]);
}

/** Runs failed files once more: alone, and after the leftovers of the first run were removed. */
async function retry(runs) {
  const endsMs = performance.now() + RETRY_BUDGET_MS;
  let settled = runs;
  for (const { name, path } of chooseRetries(runs)) {
    process.stdout.write(`\n== once more: ${path}\n`);
    await endTestProcesses(RUN);
    if (hasDocker(runs)) removeTestContainers(RUN);
    const timeoutMs = Math.max(0, endsMs - performance.now());
    const env = { [RUN_VARIABLE]: RUN };
    const { run: second } = await runJest(name, { path, show: true, timeoutMs, env });
    settled = settled.map((run) => (run.name === name ? settleRetry(run, path, second) : run));
  }
  return settled;
}

function hasDocker(runs) {
  return runs.some(({ name }) => name === 'docker');
}

/** Counts only if it fails, because a build is not a test. */
async function prepare(name, action) {
  try {
    await action();
    return addTallies([]);
  } catch (error) {
    if (!(error instanceof PreparationError)) throw error;
    process.stdout.write(`${error.message}\n`);
    return tallyCheck(name, false);
  }
}

/** `needs`: a built file, without which the check fails; `env`: added to the environment of the command. */
function check(name, group, args, { needs, env } = {}) {
  const run = async () => {
    if (!isThere(needs)) return { tally: tallyCheck(name, false) };
    const { ok, output } = await runCommand(process.execPath, args, {
      cwd: ROOT,
      timeoutMs: CHECK_TIMEOUT_MS,
      env,
    });
    process.stdout.write(ok ? 'ok\n' : `${output.trim()}\n`);
    return { tally: tallyCheck(name, ok) };
  };
  return { name, group, run, takesPatterns: false };
}

/** `isBeside`: runs at the same time as the previous step; its output is shown after that step's output. */
function jest(name, { needs, mayRetry = false, isBeside = false } = {}) {
  const run = async (show) => {
    if (!isThere(needs)) return { run: { ...readJestRun(name, null, false), mayRetry } };
    const env = { [RUN_VARIABLE]: RUN };
    const outcome = await runJest(name, { patterns, show, env });
    return { run: { ...outcome.run, mayRetry }, output: outcome.output };
  };
  return { name, group: name, run, isBeside, takesPatterns: true };
}

/** Without the built file each test would only wait for its own time-out. */
function isThere(path) {
  if (path === undefined || existsSync(join(ROOT, path))) return true;
  process.stdout.write(`not run: ${path} is missing\n`);
  return false;
}

function finish(tally) {
  const isStrict = process.env.CI === 'true';
  const result = isStrict ? countSkippedAsFailed(tally) : tally;
  const isNothing = result.passed === 0 && result.failed === 0;
  const notes = [
    ...result.notes,
    ...(isStrict && tally.skipped > 0 ? ['skipped tests count as failed with CI=true'] : []),
    ...(isNothing && patterns.length > 0 ? [`no test file matches ${patterns.join(' ')}`] : []),
  ];
  process.stdout.write(`\n${[...notes, summaryLine(result)].join('\n')}\n`);
  process.exitCode = result.failed > 0 || result.passed === 0 ? 1 : 0;
}
