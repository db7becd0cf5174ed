// `npm run dev`: compiles on every change and starts the product anew after each compile that worked. In a folder of its
// own, so that a product that runs from dist is left alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from './lib/launch.mjs';
import { prepare, ROOT } from './lib/prepare.mjs';

/** Viewers of a developer's server need no farewell: a restart is to be quick. */
const DRAIN_ON_RESTART = '0';

const OUTPUT = 'dist-dev';

await runScript(async () => {
  await prepare('npm run dev', ['simulator'], { withDev: true });
  // Known only to an installation.
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
      // Its own group: a Ctrl-C would otherwise reach it from the terminal and once more from here,
      // and a second signal ends it without stopping its engine sessions.
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
    // One after the other: two quick saves must not race for the port.
    () => (restarts = restarts.then(restart)),
  );

  const end = () => {
    // The second signal is meant for whatever still holds up the end.
    if (isEnding) server?.kill('SIGTERM');
    isEnding = true;
    watcher.close();
    restarts = restarts.then(stopServer);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
});
