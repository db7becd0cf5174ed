import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PRODUCT_NAME = 'acefleet';

/** The version of the package; its file is one folder above the sources and the built tree alike. */
export function productVersion(): string {
  const text = readFileSync(join(__dirname, '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
