import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOpenApiDocument } from './app.openapi';
import { insertNameTables, renderConfigurationMarkdown } from './config';

const FOLDER = join(__dirname, '..', 'docs');

/** Pages that are generated or contain generated tables, by file name. */
async function renderPages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['configuration.md', renderConfigurationMarkdown()],
    ['migrating.md', insertNameTables(readFileSync(join(FOLDER, 'migrating.md'), 'utf8'))],
    ['openapi.json', `${JSON.stringify(await createOpenApiDocument(), null, 2)}\n`],
  ]);
}

function isCurrent(name: string, text: string): boolean {
  try {
    return readFileSync(join(FOLDER, name), 'utf8') === text;
  } catch {
    // A missing page counts as outdated.
    return false;
  }
}

/** `--write` writes the pages that differ; `--check` names them and ends with exit code 1. */
async function main(isCheck: boolean): Promise<void> {
  const stale = [...(await renderPages())].filter(([name, text]) => !isCurrent(name, text));
  for (const [name, text] of stale) {
    if (isCheck) process.stderr.write(`docs/${name} is stale: run npm run docs\n`);
    else writeFileSync(join(FOLDER, name), text);
  }
  if (isCheck && stale.length > 0) process.exitCode = 1;
}

void main(process.argv.includes('--check'));
