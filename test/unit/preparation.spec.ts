import { Checkout, fact } from './checkout';
import { call, callEach } from './script-module';

const NPM_ERRORS = 'npm warn deprecated x\nnpm error code CODE\nnpm error errno -1\nnpm error said';

describe('the output of npm', () => {
  it.each<[string, string]>([
    ['ECONNREFUSED', 'offline'],
    ['EAI_AGAIN', 'offline'],
    ['ENOTFOUND', 'offline'],
    ['E503', 'unreliable'],
    ['ECONNRESET', 'unreliable'],
    ['ETARGET', 'outdated_cache'],
    ['EROFS', 'not_writable'],
    ['EUSAGE', 'other'],
    ['E404', 'other'],
  ])('%s is %s', async (code, kind) => {
    const output = NPM_ERRORS.replace('CODE', code);
    expect(await call('install-steps.mjs', 'findTrouble', output)).toEqual({
      kind,
      detail: `${code}: said`,
    });
  });

  it('is understood without a code, from an older npm, and when there is no npm', async () => {
    const outputs = [
      'npm ERR! code ENOTFOUND\nnpm ERR! said',
      'Killed\n',
      '',
      'npm could not be started: spawn npm ENOENT',
    ];
    expect(
      await callEach(
        'install-steps.mjs',
        'findTrouble',
        outputs.map((output) => [output]),
      ),
    ).toEqual([
      { kind: 'offline', detail: 'ENOTFOUND: said' },
      { kind: 'other', detail: 'Killed' },
      { kind: 'other', detail: 'no message' },
      { kind: 'no_npm', detail: 'npm could not be started: spawn npm ENOENT' },
    ]);
  });
});

describe('the next step of an installation', () => {
  const runner = { pid: 7, name: 'npm start', activity: 'running' };
  const installer = { ...runner, activity: 'installing' };
  const builder = { ...runner, activity: 'building' };
  const checker = { ...runner, activity: 'checking' };
  const failed = (command: string, kind: string) => ({ command, trouble: { kind, detail: 'why' } });
  const done = (command: string) => ({ command, trouble: null });
  const base = { tree: 'missing', others: [], isWritable: true, attempts: [], name: 'npm start' };

  const TABLE: [string, object, string, RegExp | null][] = [
    ['nothing to do', { tree: 'current' }, 'proceed', null],
    ['nothing to do, others run', { tree: 'current', others: [runner] }, 'proceed', null],
    ['nothing to do while another builds', { tree: 'current', others: [builder] }, 'proceed', null],
    ['missing', {}, 'ci', null],
    ['missing, another process runs nevertheless', { others: [runner] }, 'ci', null],
    ['missing, another has only started', { others: [checker] }, 'ci', null],
    ['missing, busy', { others: [installer] }, 'stop', /^process 7 \(npm start\) is installing/],
    ['missing, read-only', { isWritable: false }, 'stop', /cannot be written/],
    ['missing, installed', { attempts: [done('ci')] }, 'proceed', null],
    ['missing, offline', { attempts: [failed('ci', 'offline')] }, 'stop', /connect to the network/],
    ['missing, a bad answer', { attempts: [failed('ci', 'unreliable')] }, 'ci', null],
    [
      'missing, bad answers',
      { attempts: [failed('ci', 'unreliable'), failed('ci', 'unreliable')] },
      'stop',
      /connect to the network/,
    ],
    ['missing, old cache', { attempts: [failed('ci', 'outdated_cache')] }, 'ci', null],
    [
      'missing, a version that is nowhere',
      { attempts: [failed('ci', 'outdated_cache'), failed('ci', 'outdated_cache')] },
      'install',
      /^warning: npm ci failed \(why\)/,
    ],
    ['missing, lock refused', { attempts: [failed('ci', 'other')] }, 'install', /^warning: npm ci/],
    [
      'missing, lock refused, installed',
      { attempts: [failed('ci', 'other'), done('install')] },
      'proceed',
      null,
    ],
    [
      'missing, nothing works',
      { attempts: [failed('ci', 'other'), failed('install', 'other')] },
      'stop',
      /cannot be installed \(why\)/,
    ],
    [
      'missing, full disk',
      { attempts: [failed('ci', 'not_writable')] },
      'stop',
      /cannot be written/,
    ],
    ['missing, no npm', { attempts: [failed('ci', 'no_npm')] }, 'stop', /not installed: why/],
    ['stale', { tree: 'stale' }, 'install', null],
    ['stale, busy', { tree: 'stale', others: [builder] }, 'stop', /^process 7 .* is building/],
    ['stale, in use', { tree: 'stale', others: [runner] }, 'proceed', /^warning: .*process 7/],
    ['stale, read-only', { tree: 'stale', isWritable: false }, 'proceed', /^warning: .*written/],
    ['stale, installed', { tree: 'stale', attempts: [done('install')] }, 'proceed', null],
    ...['offline', 'other', 'not_writable', 'no_npm'].map(
      (kind): [string, object, string, RegExp] => [
        `stale, ${kind}`,
        { tree: 'stale', attempts: [failed('install', kind)] },
        'proceed',
        /^warning: .*stays as it is.*why/,
      ],
    ),
  ];

  it('follows from the facts, and a difference in the lock is not an error', async () => {
    const steps = (await callEach(
      'install-steps.mjs',
      'nextStep',
      TABLE.map(([, facts]) => [{ ...base, ...facts }]),
    )) as { next: string; message?: string }[];
    TABLE.forEach(([what, , next, message], index) => {
      expect({ what, next: steps[index]!.next }).toEqual({ what, next });
      if (message === null) expect(steps[index]).not.toHaveProperty('message');
      else expect(steps[index]!.message).toMatch(message);
    });
  });
});

describe('a start', () => {
  let checkout: Checkout;
  beforeEach(() => (checkout = new Checkout()));
  afterEach(() => checkout.remove());

  it('installs once, shows that on stderr, and continues as the product', async () => {
    const first = checkout.start();
    await first.running();
    expect(first.output).toBe(`running as ${first.pid}\n`);
    expect(first.errors).toMatch(
      /^installing dependencies …\n(.*\n)*installing dependencies: \d+ s\n$/,
    );
    expect(checkout.npmCommands()).toEqual(['ci']);
    expect(checkout.npmCalls()[0]!.args).toContain('--ignore-scripts');
    await checkout.start().running();
    expect(checkout.npmCommands()).toEqual(['ci']);
    first.kill('SIGTERM');
    await first.ended;
  });

  it('accepts an installation that a user made with npm', async () => {
    checkout.linkDependencies();
    await checkout.start().running();
    expect(checkout.npmCommands()).toEqual([]);
  });

  it('installs with npm install when npm refuses the lock, and accepts the result', async () => {
    checkout.planNpm('EUSAGE');
    const start = checkout.start();
    await start.running();
    expect(checkout.npmCommands()).toEqual(['ci', 'install']);
    expect(checkout.npmCalls()[1]!.args).toEqual(
      expect.arrayContaining(['--no-save', '--ignore-scripts']),
    );
    expect(start.errors).toMatch(/^warning: npm ci failed \(EUSAGE: said by npm\)/m);
    // It may have installed something else than the lock names.
    checkout.put('node_modules/.package-lock.json', '{ "packages": {} }');
    await checkout.start().running();
    expect(checkout.npmCommands()).toHaveLength(2);
  });

  it('ends with one line when nothing is installed and there is no network', async () => {
    checkout.planNpm('ECONNREFUSED');
    const start = checkout.start();
    expect(await start.ended).toBe(1);
    expect(start.errors.trim().split('\n').at(-1)).toMatch(
      /connect to the network.*npm start again$/,
    );
    expect(start.errors).not.toMatch(/^\s+at /m);
    expect(start.output).toBe('');
    expect(checkout.occupants()).toEqual([]);
  });

  it('updates a stale installation, and starts with the existing one without a network', async () => {
    const before = checkout.start();
    await before.running();
    before.kill('SIGTERM');
    await before.ended;

    checkout.putLock('2.0.0');
    checkout.planNpm('ECONNREFUSED');
    const offline = checkout.start();
    await offline.running();
    expect(offline.errors).toMatch(/^warning: .*stays as it is.*ECONNREFUSED/m);
    offline.kill('SIGTERM');
    await offline.ended;

    await checkout.start().running();
    expect(checkout.npmCommands()).toEqual(['ci', 'install', 'install']);
    expect(checkout.read('node_modules/.package-lock.json')).toContain('2.0.0');
  });

  it('installs nothing while another process runs from the folder, and reports it', async () => {
    const first = checkout.start();
    await first.running();
    checkout.putLock('2.0.0');
    const second = checkout.start();
    await second.running();
    expect(second.errors).toMatch(
      new RegExp(`^warning: .*process ${first.pid} \\(npm start\\)`, 'm'),
    );
    expect(checkout.npmCommands()).toEqual(['ci']);
  });

  it('ends with a line that names the first one while that installs', async () => {
    checkout.planNpm('wait');
    const first = checkout.start();
    await fact(() => checkout.npmCalls().length === 1, 'npm');
    const second = checkout.start();
    expect(await second.ended).toBe(1);
    expect(second.errors).toMatch(
      new RegExp(`^process ${first.pid} \\(npm start\\) is installing .*\n$`),
    );
    checkout.put('go', '');
    await first.running();
    expect(checkout.npmCommands()).toEqual(['ci']);
  });

  it('of several at once lets one install', async () => {
    checkout.planNpm('wait');
    const starts = [1, 2, 3, 4].map(() => checkout.start());
    await fact(() => starts.filter(({ isOver }) => isOver).length === 3, 'the end of all but one');
    checkout.put('go', '');
    await starts.find(({ isOver }) => !isOver)!.running();
    expect(checkout.npmCommands()).toEqual(['ci']);
  });

  it('killed amid an installation leaves nothing in the way, but npm is let finish', async () => {
    checkout.planNpm('wait');
    const first = checkout.start();
    await fact(() => checkout.npmCalls().length === 1, 'npm');
    first.kill('SIGKILL');
    await first.ended;
    const second = checkout.start();
    expect(await second.ended).toBe(1);
    expect(second.errors).toContain(`process ${first.pid} (npm start) is installing`);
    process.kill(checkout.npmCalls()[0]!.pid, 'SIGKILL');
    await checkout.start().running();
    expect(checkout.npmCommands()).toEqual(['ci', 'ci']);
    expect(checkout.occupants()).toHaveLength(1);
  });

  it('interrupted amid an installation ends npm, and the next one installs', async () => {
    checkout.planNpm('wait');
    const first = checkout.start();
    await fact(() => checkout.npmCalls().length === 1, 'npm');
    first.kill('SIGINT');
    expect(await first.ended).toBe(130);
    expect(() => process.kill(checkout.npmCalls()[0]!.pid, 0)).toThrow('ESRCH');
    expect(checkout.occupants()).toEqual([]);
    await checkout.start().running();
    expect(checkout.npmCommands()).toEqual(['ci', 'ci']);
  });
});

describe('a build', () => {
  let checkout: Checkout;
  beforeEach(() => {
    checkout = new Checkout();
    checkout.linkDependencies();
  });
  afterEach(() => checkout.remove());

  it('replaces the previous build in one step, also while a program runs', async () => {
    const start = checkout.start();
    await start.running();
    checkout.put('src/main.ts', 'console.log("built anew");');
    checkout.put('src/part.dto.ts', 'export class Part {}');
    checkout.put(
      'src/whole.dto.ts',
      `import { type Part } from './part.dto';\nexport class Whole { parts: Part[] = []; }`,
    );
    const build = checkout.start('build');
    expect(await build.ended).toBe(0);
    expect(checkout.read('dist/main.js')).toContain('built anew');
    expect(start.isOver).toBe(false);

    checkout.put('src/main.ts', 'const wrong: number = "text";\nconsole.log(wrong);');
    const broken = checkout.start('build');
    expect(await broken.ended).toBe(1);
    expect(broken.errors).toMatch(/src\/main\.ts\(1,7\): error TS2322/);
    expect(checkout.read('dist/main.js')).toContain('built anew');
    expect(checkout.has('dist/part.dto.js')).toBe(true);
  });

  it('describes the API for the documentation only, and a program runs without Swagger', async () => {
    checkout.put('src/part.dto.ts', 'export class Part {}');
    checkout.put(
      'src/whole.dto.ts',
      `import { ApiTags } from '@nestjs/swagger';
import { type Part } from './part.dto';
@ApiTags('whole') export class Whole { parts: Part[] = []; }`,
    );
    checkout.put('src/app.no-swagger.ts', 'export const ApiTags = () => () => undefined;');
    checkout.put('src/docs.ts', 'import "./whole.dto"; console.log("described");');
    const api = { openapi: '3.1.0', info: { title: 'api', version: '1' }, paths: {} };
    checkout.put('docs/openapi.json', JSON.stringify(api));
    checkout.put('clients/typescript/src/index.ts', '');
    const build = checkout.start('build');
    expect(await build.ended).toBe(0);
    const plain = checkout.read('dist/whole.dto.js');
    expect(plain).toContain('require("./app.no-swagger.js")');
    expect(plain).not.toMatch(/@nestjs|require\("\.\/part\.dto"\)/);
    const docs = checkout.start('docs');
    expect(await docs.ended).toBe(0);
    // The document is made of what the compiler adds to such classes.
    expect(checkout.read('dist-docs/whole.dto.js')).toContain('require("./part.dto").Part');
    expect(checkout.read('dist-docs/whole.dto.js')).toContain('require("@nestjs/swagger")');
    expect(checkout.read('clients/typescript/src/api-types.ts')).toContain('export type paths');
  });
});

describe('an older Node.js', () => {
  it('is named in one line', async () => {
    expect(await call('supported-node.cjs', 'describeVersion', '18.20.8')).toMatch(
      /needs Node\.js 20\.19 .* this is 18\.20\.8/,
    );
    expect(await call('supported-node.cjs', 'describeVersion', '20.18.9')).toMatch(
      /this is 20\.18\.9/,
    );
    expect(await call('supported-node.cjs', 'describeVersion', '20.19.0')).toBeNull();
    expect(await call('supported-node.cjs', 'describeVersion', '24.1.0')).toBeNull();
  });
});
