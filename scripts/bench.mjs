// `npm run bench`: builds all measured programs, then measures.
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepare } from './lib/prepare.mjs';

await runScript(async () => {
  const [entry] = await prepare('npm run bench', ['bench', 'product', 'simulator']);
  await becomeProgram(entry);
});
