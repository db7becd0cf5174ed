// `npm run bench:streams`: measures failover and HLS from the viewers' side, with simulated engines.
import { dirname, join } from 'node:path';
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepare } from './lib/prepare.mjs';

await runScript(async () => {
  const [entry] = await prepare('npm run bench:streams', ['bench', 'product', 'simulator']);
  await becomeProgram(join(dirname(entry), 'streams.js'));
});
