// Imported first, because it sets how memory grows while the other modules are loaded.
import { endStartMemory, tuneGarbageCollection } from './app-memory';
import 'reflect-metadata';
import { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeyFileError } from './access';
import { type Banner, StartBanner } from './app-banner';
import { createApp } from './app.factory';
import { Lifecycle } from './app-lifecycle';
import { EndSignals } from './app-signals';
import { ChannelFileError } from './channels';
import {
  type AppConfig,
  ConfigError,
  descriptorLimit,
  type LoadedConfig,
  loadProcessConfig,
} from './config';
import { DataDirInUseError, DataDirLock } from './coordination';
import { DriverChoiceError, EngineDriverError } from './engines';
import { createLogOutput, logForm, type LogOutput } from './logging';
import { isSecretSetting, Settings } from './settings';
import { DataFolder, DataFolderError, InstanceIdError, SettingStore } from './storage';

/** Exit codes of sysexits.h: invalid settings; an internal fault. */
const EXIT_CONFIG = 78;
const EXIT_SOFTWARE = 70;

const LISTEN_BACKLOG = 4096;

/** Time for cleaning up after a failed start. */
const FAILED_START_MS = 5_000;

async function main(): Promise<void> {
  const signals = new EndSignals((code) => process.exit(code));
  signals.listen((name, listener) => process.on(name, listener));
  const loaded = loadSettings();
  const { dataDir } = loaded.config;
  const lock = await DataDirLock.acquire(dataDir);
  process.once('exit', () => lock.release());
  const folder = new DataFolder(dataDir);
  await folder.removeDrafts(lock.isHeld);
  await folder.open();
  const settings = new Settings(loaded, new SettingStore(folder, isSecretSetting));
  const warnings = [...loaded.warnings, ...(await settings.open())];
  const config = settings.live.values;
  const tuneMemory = (): void => tuneGarbageCollection(config.proxyBufferTotalBytes);
  tuneMemory();
  settings.live.onChange(['proxyBufferTotalBytes'], tuneMemory);
  const output = createLogOutput(config);
  const app = await createApp(settings, output, folder).catch(async (error: unknown) => {
    await leaveFolder(folder);
    throw error;
  });
  const lifecycle = app.get(Lifecycle);
  endOnFaults(lifecycle, output);
  // From here on engines may be created.
  signals.remember();
  await listen(app, config).catch((error: unknown) => endFailedStart(app, folder, config, error));
  signals.deliver((name) => {
    const close = async (): Promise<void> => {
      await app.close();
      await folder.close();
    };
    void lifecycle.end(name, close).then((code) => process.exit(code));
  });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const allWarnings = lock.warning === null ? warnings : [...warnings, lock.warning];
  const isTerminal = process.stdout.isTTY && logForm(config, true) === 'pretty';
  const banner = await app
    .get(StartBanner)
    .describe(port, isTerminal, descriptorLimit(), allWarnings);
  announce(banner, config, output);
  endStartMemory();
}

function loadSettings(): LoadedConfig {
  try {
    return loadProcessConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

/** After a failed start, waits until the data are written completely, and prints lines that were not logged yet. */
async function leaveFolder(folder: DataFolder): Promise<void> {
  const givenUp = setTimeout(() => process.exit(1), FAILED_START_MS);
  await folder.close();
  clearTimeout(givenUp);
  for (const line of folder.unlogged) process.stderr.write(`${line}\n`);
}

/** On `::` IPv6 and IPv4 connections are accepted; a machine without IPv6 listens on its IPv4 addresses. */
async function listen(app: NestFastifyApplication, { host, port }: AppConfig): Promise<void> {
  try {
    await app.listen({ host, port, backlog: LISTEN_BACKLOG });
  } catch (error) {
    const code = errnoOf(error);
    if (host !== '::' || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) throw error;
    await app.listen({ host: '0.0.0.0', port, backlog: LISTEN_BACKLOG });
  }
}

async function endFailedStart(
  app: NestFastifyApplication,
  folder: DataFolder,
  { host, port }: AppConfig,
  error: unknown,
): Promise<never> {
  process.stderr.write(`cannot listen on port ${port} of ${host}: ${describeListenError(error)}\n`);
  setTimeout(() => process.exit(1), FAILED_START_MS).unref();
  // The program may already have started engines.
  await app.close().catch(() => undefined);
  await folder.close();
  process.exit(1);
}

function describeListenError(error: unknown): string {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return 'the port is taken by another program; set PORT to a free one';
    case 'EACCES':
      return 'ports below 1024 need more rights; set PORT to a higher one';
    case undefined:
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** On a terminal as plain text; elsewhere one log line each, so that every line of the output is JSON. */
function announce(banner: Banner, config: AppConfig, output: LogOutput): void {
  const logger = new Logger('Start');
  if (logForm(config, process.stdout.isTTY) === 'pretty') {
    output.print(banner.lines);
  } else {
    for (const line of banner.lines) logger.log(line);
  }
  for (const warning of banner.warnings) logger.warn(warning);
}

/** After an uncaught error the state of the process is unknown, so it exits, and the supervisor starts a new one. */
function endOnFaults(lifecycle: Lifecycle, output: LogOutput): void {
  const logger = new Logger('Fault');
  const end = (error: unknown): void => {
    logger.fatal({ err: error }, 'the program ends because of an unexpected fault');
    if (output.isBroken) process.stderr.write(`${describeFault(error)}\n`);
    void lifecycle.abort().finally(() => process.exit(EXIT_SOFTWARE));
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** Errors whose message is a line for the operator; their stack would not help. */
const WORDS_ENOUGH = [
  ApiKeyFileError,
  ChannelFileError,
  DataDirInUseError,
  DataFolderError,
  EngineDriverError,
  InstanceIdError,
];

function describeFault(error: unknown): string {
  if (WORDS_ENOUGH.some((kind) => error instanceof kind)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

// The reader of stdout or stderr may close them; this must not end the streams. The log handles its own output in
// the same way.
process.stderr.on('error', () => undefined);

main().catch((error: unknown) => {
  process.stderr.write(`${describeFault(error)}\n`);
  process.exit(error instanceof DriverChoiceError ? EXIT_CONFIG : 1);
});
