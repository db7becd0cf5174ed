import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Checkout } from './checkout';
import { ROOT } from './repository';
import { call, callEach } from './script-module';

const RESULT = {
  testResults: [
    {
      name: '/x/broken.spec.ts',
      status: 'failed',
      message: '\u001b[1mcannot be read\u001b[22m\n    at here',
      assertionResults: [],
    },
    {
      name: '/x/some.spec.ts',
      status: 'failed',
      assertionResults: [
        { fullName: 'a', status: 'passed' },
        {
          fullName: 'b',
          status: 'failed',
          failureMessages: ['Error: \u001b[31mwrong\u001b[39m\n\n1 is not 2\n    at there'],
        },
        { fullName: 'c', status: 'pending' },
      ],
    },
    {
      name: '/x/hook.spec.ts',
      status: 'failed',
      message: 'late',
      assertionResults: [{ fullName: 'd', status: 'passed' }],
    },
    {
      name: '/x/good.spec.ts',
      status: 'passed',
      assertionResults: [{ fullName: 'e', status: 'passed' }],
    },
  ],
};

interface Run {
  readonly name: string;
  readonly files: {
    path: string;
    failed: number;
    passed: number;
    notes: string[];
    error: string | null;
  }[];
  readonly trouble: string | null;
}

const readRun = async (result: object | null, ok: boolean) =>
  (await call('tally.mjs', 'readJestRun', 'unit', result, ok, '/x/')) as Run;

describe('the tally', () => {
  it('counts tests, and a file that could not run or end as a failure', async () => {
    expect(await call('tally.mjs', 'tallyJestRun', await readRun(RESULT, false))).toEqual({
      passed: 3,
      failed: 3,
      skipped: 1,
      notes: ['failed to run: broken.spec.ts', 'failed: b', 'skipped: c', 'failed: hook.spec.ts'],
    });
  });

  it('keeps the first error of each file, without colours and stack', async () => {
    const errors = (await readRun(RESULT, false)).files.map(({ error }) => error);
    expect(errors).toEqual(['cannot be read', 'b\nError: wrong\n1 is not 2', 'late', null]);
  });

  it('counts a run without a result, or with a bad exit code, as failed', async () => {
    const runs = [
      await readRun(null, true),
      await readRun({ testResults: [] }, false),
      await readRun({ testResults: [] }, true),
    ];
    const tallies = (await callEach(
      'tally.mjs',
      'tallyJestRun',
      runs.map((run) => [run]),
    )) as { failed: number }[];
    expect(tallies.map(({ failed }) => failed)).toEqual([1, 1, 0]);
  });

  it('prints the last line, with the skipped tests only if there are any', async () => {
    const tally = { passed: 3, failed: 1, skipped: 2, notes: [] };
    const strict = await call('tally.mjs', 'countSkippedAsFailed', tally);
    expect(await callEach('tally.mjs', 'summaryLine', [[tally], [strict]])).toEqual([
      '3 passed, 1 failed, 2 skipped',
      '3 passed, 3 failed',
    ]);
  });
});

describe('another try', () => {
  const file = (path: string, failed: number) => ({
    path,
    passed: 2,
    failed,
    skipped: 0,
    notes: failed > 0 ? [`failed: in ${path}`] : [],
    error: failed > 0 ? 'wrong\nby much' : null,
  });
  const run = (name: string, ...files: object[]) => ({
    name,
    files,
    trouble: null,
    mayRetry: name !== 'unit',
  });
  const bad = (path: string) => file(path, 1);

  it.each<[string, object[], object[]]>([
    ['nothing failed', [run('e2e', file('a', 0))], []],
    ['a unit test failed', [run('unit', bad('a'))], []],
    ['one failed', [run('e2e', file('a', 0), bad('b'))], [{ name: 'e2e', path: 'b' }]],
    [
      'one of each failed, and a unit test',
      [run('unit', bad('u')), run('e2e', bad('a')), run('docker', bad('b'))],
      [
        { name: 'e2e', path: 'a' },
        { name: 'docker', path: 'b' },
      ],
    ],
    ['three failed', [run('e2e', bad('a'), bad('b')), run('docker', bad('c'))], []],
  ])(
    'is for end-to-end and Docker tests when at most two files failed: %s',
    async (_, runs, chosen) => {
      expect(await call('retries.mjs', 'chooseRetries', runs)).toEqual(chosen);
    },
  );

  it('counts when it passes, and names the file and its first error', async () => {
    const first = run('e2e', bad('a'), bad('b'));
    const settle = async (second: object) =>
      (await call('retries.mjs', 'settleRetry', first, 'a', second)) as Run;
    const settled = await settle(run('e2e', file('a', 0)));
    expect(settled.files.map(({ failed }) => failed)).toEqual([0, 1]);
    expect(settled.files[0]!.notes).toEqual(['flaky: a\n    wrong\n    by much']);

    const again = [
      run('e2e', bad('a')),
      { ...run('e2e', file('a', 0)), trouble: 'a bad exit code' },
      run('e2e'),
      run('e2e', { ...file('a', 0), passed: 0, skipped: 2 }),
    ];
    for (const second of again) expect(await settle(second)).toEqual(first);
  });
});

describe('the arguments of npm test', () => {
  const steps = [
    { name: 'eslint', group: 'lint', takesPatterns: false },
    { name: 'unit', group: 'unit', takesPatterns: true },
    { name: 'e2e', group: 'e2e', takesPatterns: true },
  ];
  const all = { names: [], patterns: [], unknown: null };

  it('name steps, and after a step of jest patterns of files', async () => {
    const cases: [string[], object][] = [
      [[], all],
      [['lint', 'e2e'], { ...all, names: ['lint', 'e2e'] }],
      [['e2e', 'hls', 'moves'], { ...all, names: ['e2e'], patterns: ['hls', 'moves'] }],
      [['unit', 'e2e', 'hls'], { ...all, names: ['unit', 'e2e'], patterns: ['hls'] }],
      [['hls'], { ...all, unknown: 'hls' }],
      [['lint', 'hls'], { ...all, names: ['lint'], unknown: 'hls' }],
    ];
    const read = await callEach(
      'test-arguments.mjs',
      'readTestArguments',
      cases.map(([words]) => [words, steps]),
    );
    expect(read).toEqual(cases.map(([, expected]) => expected));
  });
});

describe('the images that tests make', () => {
  it('are distinguished from images that a user has built or pulled', async () => {
    const made = ['acefleet:test', 'acefleet-simulator:test-pull-1-2', '127.0.0.1:40001/engine:1'];
    const others = [
      'acefleet:latest',
      'acefleet-simulator:latest',
      'node:24-slim',
      'somebody/acefleet:test',
      '<none>:<none>',
    ];
    const all = [...made, ...others];
    const told = await callEach(
      'test-remains.mjs',
      'isTestImage',
      all.map((name) => [name]),
    );
    expect(all.filter((_, index) => told[index])).toEqual(made);
  });
});

describe('npx jest with a path', () => {
  const configOf = (...words: string[]) => {
    const jest = join('node_modules', 'jest', 'bin', 'jest.js');
    const options = { cwd: ROOT, encoding: 'utf8' } as const;
    const { globalConfig, configs } = JSON.parse(
      execFileSync(process.execPath, [jest, ...words, '--showConfig'], options),
    );
    const suites = configs.map(
      ({ displayName, testTimeout }: { displayName: { name: string }; testTimeout: number }) => [
        displayName.name,
        testTimeout,
      ],
    );
    return { workers: globalConfig.maxWorkers, limit: globalConfig.workerIdleMemoryLimit, suites };
  };

  it('runs it like its suite: with the same concurrency and deadline', async () => {
    expect(configOf('test/e2e/hls.e2e-spec.ts')).toEqual({
      workers: 3,
      limit: 4e9,
      suites: [['e2e', 120_000]],
    });
    expect(configOf('test/docker', '-t', 'swarm')).toEqual({
      workers: 1,
      limit: 4e9,
      suites: [['docker', 180_000]],
    });
    expect(configOf('src/kernel')).toMatchObject({ suites: [['unit', 60_000]] });
    expect(configOf('src/kernel', 'test/docker')).toEqual({
      workers: 1,
      limit: 4e9,
      suites: [
        ['unit', 60_000],
        ['docker', 180_000],
      ],
    });
  });
});

describe('npm test', () => {
  let checkout: Checkout;
  beforeEach(() => {
    checkout = new Checkout();
    checkout.linkDependencies();
    checkout.put(
      'jest.e2e.config.cjs',
      `module.exports = { rootDir: __dirname, roots: ['<rootDir>/test'], testMatch: ['**/*.e2e-spec.js'] };`,
    );
  });
  afterEach(() => checkout.remove());

  /** Fails the first time and leaves a process behind; passes when that is gone and it is run once more. */
  const FLAKY = `
    const fs = require('node:fs');
    it('works', async () => {
      if (fs.existsSync('left')) {
        const stat = '/proc/' + fs.readFileSync('left', 'utf8') + '/stat';
        // One that has ended may still be listed until its parent has been told.
        expect(fs.existsSync(stat) ? fs.readFileSync(stat, 'utf8') : ') Z ').toContain(') Z ');
        return;
      }
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { detached: true, stdio: 'ignore' });
      child.unref();
      fs.writeFileSync('left', String(child.pid));
      expect('first').toBe('second');
    });`;

  it('runs a failed file once more, alone, and reports it above the last line', async () => {
    checkout.put('test/flaky.e2e-spec.js', FLAKY);
    checkout.put('test/good.e2e-spec.js', `it('is good', () => undefined);`);
    const run = checkout.start('test', 'e2e');
    const code = await run.ended;
    if (code !== 0) throw new Error(run.output + run.errors);
    const lines = run.output.trim().split('\n');
    expect(lines.at(-1)).toBe('2 passed, 0 failed');
    expect(run.output).toMatch(
      /\n\nflaky: test\/flaky\.e2e-spec\.js\n {4}works\n {4}.*toBe(.*\n)+2 passed/,
    );
    expect(run.output.split('== once more: ')).toHaveLength(2);
  });

  it('fails when a file fails twice', async () => {
    checkout.put('test/bad.e2e-spec.js', `it('is bad', async () => { throw new Error('no'); });`);
    checkout.put('test/good.e2e-spec.js', `it('is good', () => undefined);`);
    const run = checkout.start('test', 'e2e', 'bad', 'good');
    expect(await run.ended).toBe(1);
    expect(run.output.trim().split('\n').slice(-2)).toEqual([
      'failed: is bad',
      '1 passed, 1 failed',
    ]);
  });
});
