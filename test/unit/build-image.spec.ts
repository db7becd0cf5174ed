import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readText } from './repository';

/** Replacements of the programs that the script calls, found before the real ones. */
const PROGRAMS: Readonly<Record<string, string>> = {
  node: `case "$*" in
    '-p process.execPath') echo "$0" ;;
    -p*) echo '["node"]' ;;
    *) echo v24.0.0 ;;
  esac`,
  // The output of ldd for a program without libraries, on stderr and with status 1.
  ldd: 'echo "not a dynamic executable" >&2; exit 1',
  docker: `case "$1" in
    import) tar --list >"$LISTING"; echo sha256:made ;;
    *) exit 1 ;;
  esac`,
};

describe('simulator/build-image.sh', () => {
  let root: string;
  const put = (path: string, text: string, mode?: number) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'build-image-'));
    put('simulator/build-image.sh', readText('simulator/build-image.sh'));
    put('simulator/dist/main.js', '');
    put('simulator/media/loop.ts', '');
    put('simulator/package.json', '{}');
    for (const [name, body] of Object.entries(PROGRAMS)) {
      put(`bin/${name}`, `#!/bin/sh\n${body}\n`, 0o755);
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('builds an image of a Node.js that needs no libraries', () => {
    const listing = join(root, 'listing');
    const env = {
      ...process.env,
      PATH: `${join(root, 'bin')}:${process.env['PATH']}`,
      LISTING: listing,
    };
    const script = join(root, 'simulator/build-image.sh');
    const output = execFileSync('bash', [script, 'tag'], { env, encoding: 'utf8' });
    expect(output).toBe('sha256:made\n');
    expect(readFileSync(listing, 'utf8').split('\n')).toEqual(
      expect.arrayContaining(['./usr/bin/node', './simulator/dist/main.js']),
    );
  });
});
