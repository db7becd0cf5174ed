import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository';

/** The scripts are ES modules, which jest does not load: each call asks a Node.js of its own. */
function call(module: string, name: string, ...args: unknown[]): unknown {
  const url = pathToFileURL(join(ROOT, 'scripts', 'lib', module)).href;
  const code = `const m = await import(${JSON.stringify(url)});
    process.stdout.write(JSON.stringify(await m[${JSON.stringify(name)}](...${JSON.stringify(args)})));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return JSON.parse(output);
}

describe('staleness', () => {
  const plan = { sources: 'src', files: ['tsconfig.json', 'absent.json'], output: 'dist' };
  let root: string;
  const put = (path: string, time: number) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
    utimesSync(join(root, path), time, time);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'staleness-'));
    put('package-lock.json', 100);
    put('src/main.ts', 100);
    put('src/room/noun.ts', 100);
    put('src/room/noun.spec.ts', 100);
    put('tsconfig.json', 100);
    put('node_modules/.package-lock.json', 200);
    put('dist/.built', 200);
    writeFileSync(join(root, 'dist/.built'), 'tsconfig.json\nsrc/main.ts\nsrc/room/noun.ts');
    utimesSync(join(root, 'dist/.built'), 200, 200);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('sees an install that is up to date, missing, or older than the lock', () => {
    expect(call('staleness.mjs', 'isInstallStale', root)).toBe(false);
    utimesSync(join(root, 'package-lock.json'), 300, 300);
    expect(call('staleness.mjs', 'isInstallStale', root)).toBe(true);
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(call('staleness.mjs', 'isInstallStale', root)).toBe(true);
  });

  it('leaves a build alone that has all its inputs', () => {
    put('src/room/noun.spec.ts', 300);
    put('src/room/another.spec.ts', 300);
    expect(call('staleness.mjs', 'isBuildStale', root, plan)).toBe(false);
  });

  it.each<[string, () => void]>([
    ['changed', () => put('src/room/noun.ts', 300)],
    ['added, however old it is', () => put('src/room/verb.ts', 50)],
    ['removed', () => rmSync(join(root, 'src/room/noun.ts'))],
    ['a changed setting of the compiler', () => put('tsconfig.json', 300)],
    ['missing altogether: the stamp', () => rmSync(join(root, 'dist'), { recursive: true })],
  ])('makes a build anew when an input was %s', (_, change) => {
    change();
    expect(call('staleness.mjs', 'isBuildStale', root, plan)).toBe(true);
  });

  it('takes a build without sources as it is', () => {
    rmSync(join(root, 'src'), { recursive: true });
    expect(call('staleness.mjs', 'isBuildStale', root, plan)).toBe(false);
  });
});

describe('tally', () => {
  const result = {
    numPassedTests: 2,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 1,
    testResults: [
      { name: '/x/broken.spec.ts', status: 'failed', assertionResults: [] },
      {
        name: '/x/some.spec.ts',
        status: 'failed',
        assertionResults: [
          { fullName: 'a', status: 'passed' },
          { fullName: 'b', status: 'failed' },
          { fullName: 'c', status: 'pending' },
        ],
      },
    ],
  };

  it('counts tests, and a file that could not run as a failure', () => {
    expect(call('tally.mjs', 'tallyJest', 'unit', result, false)).toEqual({
      passed: 2,
      failed: 2,
      skipped: 1,
      notes: ['failed to run: /x/broken.spec.ts', 'failed: b', 'skipped: c'],
    });
  });

  it('never takes a run without a result, or with a bad exit code, for a good one', () => {
    expect(call('tally.mjs', 'tallyJest', 'unit', null, true)).toMatchObject({ failed: 1 });
    const green = { ...result, numFailedTests: 0, numRuntimeErrorTestSuites: 0, testResults: [] };
    expect(call('tally.mjs', 'tallyJest', 'unit', green, false)).toMatchObject({ failed: 1 });
    expect(call('tally.mjs', 'tallyJest', 'unit', green, true)).toMatchObject({ failed: 0 });
  });

  it('prints the last line, with what was skipped only when something was', () => {
    const tally = { passed: 3, failed: 1, skipped: 2, notes: [] };
    expect(call('tally.mjs', 'summaryLine', tally)).toBe('3 passed, 1 failed, 2 skipped');
    const strict = call('tally.mjs', 'countSkippedAsFailed', tally);
    expect(call('tally.mjs', 'summaryLine', strict)).toBe('3 passed, 3 failed');
  });
});
