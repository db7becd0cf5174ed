// `npm start`: installs and builds what is missing or stale, then runs the product.
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepare } from './lib/prepare.mjs';

await runScript(async () => {
  const [entry] = await prepare('npm start', ['product', 'simulator']);
  await becomeProgram(entry);
});
