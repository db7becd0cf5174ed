// `npm run build`: builds the product and the simulator where they are stale.
import { runScript } from './lib/launch.mjs';
import { prepareProduct, prepareSimulator } from './lib/prepare.mjs';

await runScript(async () => {
  await prepareProduct();
  await prepareSimulator();
});
