import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version in package.json, which is two folders above this file in the sources and in the built tree. */
export function productVersion(): string {
  const text = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
