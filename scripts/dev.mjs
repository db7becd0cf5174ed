// `npm run dev`: compiles on every change and restarts the product after each successful compile. It uses its own
// folder, so that a product that runs from dist is not affected.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from './lib/launch.mjs';
import { prepare, ROOT } from './lib/prepare.mjs';

/** Viewers of a developer's server need no drain: a restart should be quick. */
const DRAIN_ON_RESTART = '0';

const OUTPUT = 'dist-dev';

await runScript(async () => {
  await prepare('npm run dev', ['simulator'], { withDev: true });
  // The path is known only after the installation.
  const { watch } = await import('./lib/compile.mjs');

  let server = null;
  let isEnding = false;
  let restarts = Promise.resolve();
  const stopServer = async () => {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  const restart = async () => {
    await stopServer();
    if (isEnding) return;
    server = spawn(process.execPath, ['--enable-source-maps', join(ROOT, OUTPUT, 'main.js')], {
      // A process group of its own. Otherwise Ctrl-C would reach the product from the terminal and once more from
      // here, and a second signal ends it without stopping its engine sessions.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { SHUTDOWN_DRAIN: DRAIN_ON_RESTART, ...process.env },
    });
  };

  rmSync(join(ROOT, OUTPUT), { recursive: true, force: true });
  const watcher = watch(
    'tsconfig.json',
    OUTPUT,
    (text) => process.stdout.write(`${text.trimEnd()}\n`),
    // Serialised, because two quick saves must not compete for the port.
    () => (restarts = restarts.then(restart)),
  );

  const end = () => {
    // The second signal ends a process that still delays the end.
    if (isEnding) server?.kill('SIGTERM');
    isEnding = true;
    watcher.close();
    restarts = restarts.then(stopServer);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
});
