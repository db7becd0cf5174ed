import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EVENT_TYPES } from '../../src/events/event-type';
import { ERROR_CATALOG } from '../../src/kernel/errors';
import { findLines, listFiles, readText, ROOT } from './repository';

const PRODUCT = listFiles('src', '.ts');
const PROGRAMS = [...PRODUCT, ...listFiles('simulator', '.ts'), ...listFiles('bench', '.ts')];
const SOURCES = [
  ...PROGRAMS,
  ...listFiles('test', '.ts').filter((path) => path !== 'test/unit/structure.spec.ts'),
  ...listFiles('scripts', '.mjs', '.cjs', '.sh'),
  ...listFiles('bin', '.mjs'),
];
const PAGES = [
  ...listFiles('docs', '.md'),
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].filter((page) =>
    existsSync(join(ROOT, page)),
  ),
];

const isSpec = (path: string) => path.endsWith('.spec.ts') || path.startsWith('test/');

describe('the source', () => {
  it('reads the environment in src/config only', () => {
    const others = PRODUCT.filter((path) => !path.startsWith('src/config/'));
    expect(findLines(others, /process\.env\b/)).toEqual([]);
  });

  it('logs through the logger', () => {
    const shipped = PRODUCT.filter((path) => !isSpec(path));
    expect(findLines(shipped, /\bconsole\.\w+\(/)).toEqual([]);
  });

  it('has no file above 800 lines, and reports how long files are', () => {
    const lines = (path: string) => readText(path).trimEnd().split('\n').length;
    const lengths = PRODUCT.filter((path) => !isSpec(path))
      .map(lines)
      .sort((a, b) => a - b);
    const [median, p90] = [0.5, 0.9].map((share) => lengths[Math.floor(lengths.length * share)]);
    const sum = lengths.reduce((total, length) => total + length, 0);
    process.stdout.write(
      `src: ${lengths.length} files, ${sum} lines, median ${median}, p90 ${p90}\n`,
    );
    const tooLong = SOURCES.filter((path) => lines(path) > 800);
    expect(tooLong.map((path) => `${path}: ${lines(path)} lines`)).toEqual([]);
  });

  it('names classes with specific nouns', () => {
    const vague = /\bclass\s+(?:[A-Z]\w*)?(?:Manager|Helper|Utils?|Common|Base|Impl)(?![a-z])\w*/;
    expect(findLines(SOURCES, vague)).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)+$/;
    const names = SOURCES.filter((path) => !kebab.test(path.split('/').at(-1) ?? ''));
    expect(names).toEqual([]);
  });

  it('loads its modules at the start', () => {
    // A build may replace the one from which a program runs. Loaders choose what is loaded, and are called before the
    // server listens.
    const isLoader = (path: string) => path.endsWith('.loader.ts');
    const shipped = PROGRAMS.filter(
      (path) => !isSpec(path) && !path.includes('spec') && !isLoader(path),
    );
    expect(findLines(shipped, /\bawait import\(|(?<![.\w])require\(['"`]|^\s*import\(/)).toEqual(
      [],
    );
  });

  it('leaves nothing for later', () => {
    expect(findLines(SOURCES, /\b(?:TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it('exports by name', () => {
    expect(findLines(PROGRAMS, /^export default\b/)).toEqual([]);
  });

  it('lets bounds on time grow with the lag of the test', () => {
    const specs = SOURCES.filter((path) => path.startsWith('test/') && path.endsWith('.ts'));
    const bound =
      /(?:headAfterMs!?|longestGapMs|performance\.now\(\) - \w+)\)\.toBeLessThan(?:OrEqual)?\((?!withLag|$)/;
    expect(findLines(specs, bound)).toEqual([]);
  });

  it('runs every test', () => {
    const specs = SOURCES.filter((path) => /\.(?:e2e-)?spec\.ts$/.test(path));
    expect(findLines(specs, /\b(?:it|test|describe)\.only\b|\bf(?:it|describe)\(/)).toEqual([]);
  });
});

describe('the scripts', () => {
  it('import what the others export', () => {
    const scripts = [...listFiles('scripts', '.mjs'), ...listFiles('bin', '.mjs')];
    expect(scripts.flatMap(findMissingImports)).toEqual([]);
  });
});

describe('the documentation', () => {
  it('has links that lead somewhere', () => {
    const dead = PAGES.flatMap((page) => findDeadLinks(page).map((link) => `${page}: ${link}`));
    expect(dead).toEqual([]);
  });

  it('has pictures that load quickly', () => {
    const pictures = listFiles('docs', '.webp', '.png', '.gif', '.jpg', '.svg');
    const sizes = pictures.map((path) => [path, statSync(join(ROOT, path)).size] as const);
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.filter(([, bytes]) => bytes > 1_000_000)).toEqual([]);
  });

  it('explains every error code', () => {
    if (!existsSync(join(ROOT, 'docs/errors.md'))) return;
    const page = readText('docs/errors.md');
    const missing = Object.keys(ERROR_CATALOG).filter((code) => !page.includes(`\`${code}\``));
    expect(missing).toEqual([]);
  });

  it('explains every event', () => {
    const page = readText('docs/events.md');
    expect(EVENT_TYPES.filter((type) => !page.includes(`| \`${type}\` `))).toEqual([]);
  });
});

/** Names that a script imports from another one which does not export them. Scripts that no test runs break unseen. */
function findMissingImports(script: string): string[] {
  const imports = readText(script).matchAll(/^import \{([^}]+)\} from '(\.[^']+)';$/gm);
  return [...imports].flatMap(([, names = '', from = '']) => {
    const other = readText(join(dirname(script), from));
    return names
      .split(',')
      .map((name) => name.trim().split(' as ')[0] ?? '')
      .filter((name) => name !== '')
      .filter((name) => !new RegExp(`^export (?:async )?\\w+ ${name}\\b`, 'm').test(other))
      .map((name) => `${script}: ${name} of ${from}`);
  });
}

/** Links to files of the repository and to headings in them; addresses elsewhere are not asked. */
function findDeadLinks(page: string): string[] {
  const text = readText(page).replace(/^```[\s\S]*?^```/gm, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, link]) => link ?? '');
  return links
    .filter((link) => !/^[a-z][a-z+.-]*:/i.test(link))
    .filter((link) => isDead(page, link));
}

function isDead(page: string, link: string): boolean {
  const [file = '', heading = ''] = link.split('#');
  const target = file === '' ? page : join(dirname(page), decodeURIComponent(file));
  if (!existsSync(join(ROOT, target))) return true;
  return heading !== '' && target.endsWith('.md') && !findAnchors(target).includes(heading);
}

/** Anchors as GitHub makes them from headings. */
function findAnchors(page: string): string[] {
  return [...readText(page).matchAll(/^#{1,6}\s+(.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
