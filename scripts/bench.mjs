// `npm run bench`: builds everything that is measured, then measures.
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepareBench, prepareProduct, prepareSimulator } from './lib/prepare.mjs';

await runScript(async () => {
  await prepareProduct();
  await prepareSimulator();
  await becomeProgram(await prepareBench());
});
