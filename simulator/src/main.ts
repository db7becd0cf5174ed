import { setTimeout as delay } from 'node:timers/promises';
import { EngineServer } from './api/engine-server';
import { CATALOGUE } from './catalogue';
import { loadClip } from './media/clip';
import { ControlApi } from './control/control-api';
import { ControlServer } from './control/control-server';
import { Engine } from './engine';
import { parseOptions, type Options } from './options';

function crash(code: number): void {
  process.exit(code);
}

/** Ends the engine together with its supervisor: the pipe or channel closes, however the supervisor ended. */
function followParent(options: Options): void {
  process.on('disconnect', () => process.exit(0));
  if (!options.exitWithParent) return;
  process.stdin.on('end', () => process.exit(0));
  process.stdin.on('close', () => process.exit(0));
  process.stdin.on('error', () => process.exit(0));
  process.stdin.resume();
}

async function run(options: Options): Promise<void> {
  followParent(options);
  const engine = new Engine(options, loadClip(options.clip ?? undefined), crash);
  const server = new EngineServer(engine);
  const control = new ControlServer(new ControlApi(engine, server));
  const controlPort =
    options.controlPort === null ? null : await control.listen(options.controlPort, options.host);
  // Like a real engine, the process runs for a while before its port accepts connections.
  if (options.readyDelayMs > 0) await delay(options.readyDelayMs);
  const httpPort = await server.listen();
  process.stdout.write(
    `${JSON.stringify({ event: 'listening', http_port: httpPort, control_port: controlPort, pid: process.pid })}\n`,
  );
  const stop = (): void => {
    server.close();
    control.close();
    engine.close();
    process.exit(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', () => {
    if (!options.ignoreSigterm) stop();
  });
}

function main(): void {
  let options: Options;
  try {
    options = parseOptions(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
  if (options.printCatalogue) {
    process.stdout.write(`${JSON.stringify(CATALOGUE, null, 2)}\n`);
    return;
  }
  run(options).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}

main();
