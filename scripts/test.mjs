// `npm test`: every check and test, each step even when one before it failed. Arguments choose steps:
// `npm test -- lint types`. The last line is the tally, and nothing is printed after it.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './lib/command.mjs';
import { Preparation, PreparationError, ROOT } from './lib/prepare.mjs';
import {
  addTallies,
  countSkippedAsFailed,
  summaryLine,
  tallyCheck,
  tallyJest,
} from './lib/tally.mjs';

const CHECK_TIMEOUT_MS = 5 * 60_000;
const JEST_TIMEOUT_MS = 45 * 60_000;

const bin = (...path) => join('node_modules', ...path);

/** In the order in which they run: the quick ones first. `group` is another name to choose them by. */
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
  check('docs', 'docs', [join('dist', 'docs.js'), '--check'], join('dist', 'docs.js')),
  jest('unit', 'jest.unit.config.cjs'),
  jest('e2e', 'jest.e2e.config.cjs', { needs: join('dist', 'main.js') }),
  // Both mostly wait, for deadlines and for containers: beside each other they take half the time.
  jest('docker', 'jest.docker.config.cjs', { needs: join('dist', 'main.js'), isBeside: true }),
];

const chosen = process.argv.slice(2);
const known = new Set(STEPS.flatMap(({ name, group }) => [name, group]));
const unknown = chosen.filter((name) => !known.has(name));

if (unknown.length > 0) {
  process.stderr.write(`unknown step ${unknown.join(', ')}; steps are ${[...known].join(', ')}\n`);
  process.exitCode = 2;
} else {
  const isChosen = ({ name, group }) =>
    chosen.length === 0 || chosen.includes(name) || chosen.includes(group);
  finish(addTallies(await runSteps(STEPS.filter(isChosen))));
}

async function runSteps(steps) {
  const preparation = new Preparation('npm test');
  const dependencies = await prepare('installing', () => preparation.install());
  if (dependencies.failed > 0) return [dependencies];
  // A build that fails is one failure of its own; what can be told without it is still told.
  const tallies = [await prepare('building', () => preparation.build(['product', 'simulator']))];
  for (const [index, step] of steps.entries()) {
    if (step.isBeside && index > 0) continue;
    process.stdout.write(`\n== ${step.name}\n`);
    const next = steps[index + 1];
    const beside = next?.isBeside ? next : null;
    const besides = beside?.run(false);
    tallies.push(await step.run(true));
    if (beside === null) continue;
    const { output = '', ...tally } = await besides;
    process.stdout.write(`\n== ${beside.name}\n${output}`);
    tallies.push(tally);
  }
  return tallies;
}

/** Counts only when it fails: a build is the way to the tests and not one of them. */
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

function check(name, group, args, needs) {
  const run = async () => {
    if (!isThere(needs)) return tallyCheck(name, false);
    const { ok, output } = await runCommand(process.execPath, args, {
      cwd: ROOT,
      timeoutMs: CHECK_TIMEOUT_MS,
    });
    process.stdout.write(ok ? 'ok\n' : `${output.trim()}\n`);
    return tallyCheck(name, ok);
  };
  return { name, group, run };
}

/** `isBeside`: runs while the step before it does; what it says is shown after that one. */
function jest(name, config, { needs, isBeside = false } = {}) {
  const run = async (show) => {
    if (!isThere(needs)) return tallyCheck(name, false);
    const folder = mkdtempSync(join(tmpdir(), 'acefleet-test-'));
    const outputFile = join(folder, 'result.json');
    try {
      const args = [
        bin('jest', 'bin', 'jest.js'),
        '--config',
        config,
        '--json',
        '--outputFile',
        outputFile,
      ];
      const options = { cwd: ROOT, timeoutMs: JEST_TIMEOUT_MS, show };
      const { ok, output } = await runCommand(process.execPath, args, options);
      const tally = tallyJest(
        name,
        existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, 'utf8')) : null,
        ok,
      );
      return { ...tally, output };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  return { name, group: name, run, isBeside };
}

/** Without the built file each test would only wait for its own time-out. */
function isThere(path) {
  if (path === undefined || existsSync(join(ROOT, path))) return true;
  process.stdout.write(`not run: there is no ${path}\n`);
  return false;
}

function finish(tally) {
  const isStrict = process.env.CI === 'true';
  const result = isStrict ? countSkippedAsFailed(tally) : tally;
  const why = isStrict && tally.skipped > 0 ? ['skipped tests count as failed with CI=true'] : [];
  process.stdout.write(`\n${[...result.notes, ...why, summaryLine(result)].join('\n')}\n`);
  process.exitCode = result.failed > 0 || result.passed === 0 ? 1 : 0;
}
