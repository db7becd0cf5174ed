// `npm run simulator`: runs one simulated engine, by default on the port of a real engine.
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepare } from './lib/prepare.mjs';

const DEFAULT_ARGS = ['--any-content', '--http-port', '6878', '--control-port', '6879'];

await runScript(async () => {
  const [entry] = await prepare('npm run simulator', ['simulator']);
  const args = process.argv.slice(2);
  await becomeProgram(entry, args.length > 0 ? args : DEFAULT_ARGS);
});
