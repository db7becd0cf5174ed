// `npm run dev`: compiles on every change and starts the product anew after each compile that worked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runScript } from './lib/launch.mjs';
import { prepareDependencies, prepareSimulator, ROOT } from './lib/prepare.mjs';

/** What the compiler says after a whole compile without an error. */
const COMPILED = /Found 0 errors\. Watching for file changes/;

/** Viewers of a developer's server need no farewell: a restart is to be quick. */
const DRAIN_ON_RESTART = '0';

await runScript(async () => {
  await prepareDependencies();
  await prepareSimulator();

  let server = null;
  let restarts = Promise.resolve();
  const stopServer = async () => {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  const restart = async () => {
    await stopServer();
    server = spawn(process.execPath, ['--enable-source-maps', join(ROOT, 'dist', 'main.js')], {
      // Its own group: a Ctrl-C would otherwise reach it from the terminal and once more from here,
      // and a second signal ends it without stopping its engine sessions.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { SHUTDOWN_DRAIN: DRAIN_ON_RESTART, ...process.env },
    });
  };

  const nest = join(ROOT, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const compiler = spawn(process.execPath, [nest, 'build', '--watch', '--preserveWatchOutput'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface(compiler.stdout).on('line', (line) => {
    process.stdout.write(`${line}\n`);
    // One after the other: two quick saves must not race for the port.
    if (COMPILED.test(line)) restarts = restarts.then(restart);
  });

  const end = () => {
    // The second signal is meant for whatever still holds up the end.
    if (compiler.killed) server?.kill('SIGTERM');
    compiler.kill('SIGTERM');
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  await once(compiler, 'exit');
  await restarts.then(stopServer);
});
