// `npm run build`: builds the product and the simulator if their builds are stale.
import { runScript } from './lib/launch.mjs';
import { prepare } from './lib/prepare.mjs';

await runScript(async () => {
  await prepare('npm run build', ['product', 'simulator']);
});
