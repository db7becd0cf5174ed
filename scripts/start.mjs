// `npm start`: installs and builds what is missing or stale, then is the product.
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepareProduct, prepareSimulator } from './lib/prepare.mjs';

await runScript(async () => {
  const entry = await prepareProduct();
  await prepareSimulator();
  await becomeProgram(entry);
});
