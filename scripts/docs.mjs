// `npm run docs`: writes docs/configuration.md and docs/openapi.json; `--check` only compares them.
import { join } from 'node:path';
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepareProduct, ROOT } from './lib/prepare.mjs';

await runScript(async () => {
  await prepareProduct();
  const args = process.argv.includes('--check') ? ['--check'] : ['--write'];
  await becomeProgram(join(ROOT, 'dist', 'docs.js'), args);
});
