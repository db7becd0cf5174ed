import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { call } from './script-module';

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
    put('src/main.ts', 100);
    put('src/room/noun.ts', 100);
    put('src/room/noun.spec.ts', 100);
    put('tsconfig.json', 100);
    put('dist/.built', 200);
    writeFileSync(join(root, 'dist/.built'), 'tsconfig.json\nsrc/main.ts\nsrc/room/noun.ts');
    utimesSync(join(root, 'dist/.built'), 200, 200);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('keeps a build with all its inputs', async () => {
    put('src/room/noun.spec.ts', 300);
    put('src/room/another.spec.ts', 300);
    expect(await call('staleness.mjs', 'isBuildStale', root, plan)).toBe(false);
  });

  it.each<[string, () => void]>([
    ['changed', () => put('src/room/noun.ts', 300)],
    ['added, however old it is', () => put('src/room/verb.ts', 50)],
    ['removed', () => rmSync(join(root, 'src/room/noun.ts'))],
    ['a changed setting of the compiler', () => put('tsconfig.json', 300)],
    ['missing altogether: the stamp', () => rmSync(join(root, 'dist'), { recursive: true })],
  ])('rebuilds when an input was %s', async (_, change) => {
    change();
    expect(await call('staleness.mjs', 'isBuildStale', root, plan)).toBe(true);
  });

  it('keeps a build without sources', async () => {
    rmSync(join(root, 'src'), { recursive: true });
    expect(await call('staleness.mjs', 'isBuildStale', root, plan)).toBe(false);
  });
});

describe('an installation', () => {
  let root: string;
  const put = (path: string, content: unknown) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), JSON.stringify(content));
  };
  const state = (withDev = true) => call('installed.mjs', 'installState', root, withDev);
  const entry = (version: string, more = {}) => ({ version, integrity: `of ${version}`, ...more });
  const LOCK = {
    '': { dependencies: { left: '1' } },
    'node_modules/left': entry('1'),
    'node_modules/right': entry('1', { dev: true }),
    'node_modules/elsewhere': entry('1', { optional: true, os: ['win32'] }),
  };
  const LEFT = { 'node_modules/left': LOCK['node_modules/left'] };
  const RIGHT = { 'node_modules/right': LOCK['node_modules/right'] };
  const INSTALLED = { ...LEFT, ...RIGHT };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'installed-'));
    put('package-lock.json', { packages: LOCK });
    put('node_modules/.package-lock.json', { packages: INSTALLED });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is current when npm made it from this lock, whatever the times of the files', async () => {
    utimesSync(join(root, 'node_modules/.package-lock.json'), 100, 100);
    expect(await state()).toBe('current');
  });

  it('is missing when there is none, or one that was interrupted', async () => {
    rmSync(join(root, 'node_modules/.package-lock.json'));
    expect(await state()).toBe('missing');
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(await state()).toBe('missing');
  });

  it('is stale when a package is missing, too much, or another version', async () => {
    for (const packages of [
      RIGHT,
      { ...INSTALLED, 'node_modules/more': entry('1') },
      { ...RIGHT, 'node_modules/left': entry('2') },
    ]) {
      put('node_modules/.package-lock.json', { packages });
      expect(await state()).toBe('stale');
    }
  });

  it('may lack development dependencies where nothing has to be built', async () => {
    put('node_modules/.package-lock.json', { packages: LEFT });
    expect([await state(false), await state(true)]).toEqual(['current', 'stale']);
  });

  it('is what this lock gave while its hash is remembered, until it is forgotten or the lock changes', async () => {
    put('node_modules/.package-lock.json', { packages: {} });
    expect(await state()).toBe('stale');
    await call('installed.mjs', 'rememberInstall', root);
    expect(await state()).toBe('current');
    put('package-lock.json', { packages: { ...LOCK, 'node_modules/new': entry('1') } });
    expect(await state()).toBe('stale');
    await call('installed.mjs', 'rememberInstall', root);
    await call('installed.mjs', 'forgetInstall', root);
    expect(await state()).toBe('stale');
  });
});
