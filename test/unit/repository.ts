import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const ROOT = join(__dirname, '..', '..');

const NOT_OURS = new Set([
  'node_modules',
  'dist',
  'dist-dev',
  'dist-docs',
  'data',
  'coverage',
  '.git',
  '.acefleet',
]);

/** Text of a file, by its path from the root of the repository. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Paths of all files below `folder` with one of the endings, sorted; none if there is no such folder. */
export function listFiles(folder: string, ...endings: string[]): string[] {
  const start = join(ROOT, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { withFileTypes: true })
    .flatMap((entry) => {
      const path = relative(ROOT, join(start, entry.name));
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : listFiles(path, ...endings);
      return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
    })
    .sort();
}

/** `path:line` of every line that the pattern matches. */
export function findLines(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    readText(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );
}
