// `npm run docs`: writes docs/configuration.md, docs/openapi.json and the tables in docs/migrating.md; `--check` only compares them.
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepare } from './lib/prepare.mjs';

await runScript(async () => {
  const [entry] = await prepare('npm run docs', ['docs']);
  const args = process.argv.includes('--check') ? ['--check'] : ['--write'];
  await becomeProgram(entry, args);
});
