// `npm run bench:streams`: failover and HLS as viewers see them, against simulated engines.
import { dirname, join } from 'node:path';
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepareBench, prepareProduct, prepareSimulator } from './lib/prepare.mjs';

await runScript(async () => {
  await prepareProduct();
  await prepareSimulator();
  await becomeProgram(join(dirname(await prepareBench()), 'streams.js'));
});
