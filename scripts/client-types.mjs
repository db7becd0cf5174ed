// Writes the generated files of clients/typescript from docs/openapi.json: the types of the API, and the table of its
// operations. With `--check` it only names those that are stale. `npm run docs` calls it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTypes, { astToString } from 'openapi-typescript';
import { ROOT } from './lib/prepare.mjs';

const FOLDER = join('clients', 'typescript', 'src');
const HEADING = '// Written by `npm run docs` from docs/openapi.json.\n';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
const READABLE = /json|^text\/(?!event-stream)|xml|mpegurl/;

const document = JSON.parse(readFileSync(join(ROOT, 'docs', 'openapi.json'), 'utf8'));
const files = {
  'api-types.ts': await renderTypes(),
  'operations.ts': renderOperations(),
};
for (const [name, text] of Object.entries(files)) {
  const path = join(ROOT, FOLDER, name);
  if (read(path) === text) continue;
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
    continue;
  }
  process.stderr.write(`${join(FOLDER, name)} is stale: run npm run docs\n`);
  process.exitCode = 1;
}

/** A field with a default may be left out of a body, so a default makes no field required. */
async function renderTypes() {
  const options = { defaultNonNullable: false, alphabetize: true };
  return HEADING + astToString(await openapiTypes(withoutAliases(document), options));
}

/** Without examples too: as comments they would be most of the file. */
function withoutAliases({ paths, components, ...rest }) {
  const isKept = ([, part]) => !isAlias(part?.operationId ?? '');
  const canonical = Object.entries(paths)
    .map(([path, item]) => [path, Object.fromEntries(Object.entries(item).filter(isKept))])
    .filter(([, item]) => Object.keys(item).length > 0);
  const bare = JSON.stringify(
    { ...rest, paths: Object.fromEntries(canonical), components },
    function (name, value) {
      const isExample = (name === 'example' || name === 'examples') && 'schema' in this;
      return isExample && !('in' in this) ? undefined : value;
    },
  );
  return JSON.parse(bare);
}

/** Canonical addresses whose answers can be read as a whole; a stream is opened by a player. */
function renderOperations() {
  const lines = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined)
      .map((method) => ({ method, ...item[method] }))
      .filter(({ operationId, responses }) => !isAlias(operationId) && isReadable(responses))
      .map(({ method, operationId }) => {
        return `  ${operationId}: ['${method.toUpperCase()}', '${path}'],\n`;
      }),
  );
  const about = '/** The method and the address of every operation, by its id. */\n';
  return `${HEADING}\n${about}export const OPERATIONS = {\n${lines.sort().join('')}} as const;\n`;
}

function isAlias(operationId) {
  return /_alias\d*$/.test(operationId);
}

function isReadable(responses) {
  const types = Object.keys(responses[200]?.content ?? {});
  return responses[200] === undefined || types.some((type) => READABLE.test(type));
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A missing file counts as stale.
    return null;
  }
}
