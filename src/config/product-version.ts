import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of the package; its file is two folders above this one, in the sources and in the built tree alike. */
export function productVersion(): string {
  const text = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
