import { type DestinationStream, stdTimeFunctions } from 'pino';
import { type Options } from 'pino-http';
import { prettyFactory } from 'pino-pretty';
import { type AppConfig } from '../config';
import { LogOutput } from './log-output';
import { printable } from './printable';

export type LogConfig = Pick<AppConfig, 'logFormat' | 'logLevel'>;

/** Longest message shown on a terminal; JSON keeps it whole, where control characters are escaped anyway. */
const MAX_PRETTY_MESSAGE = 4096;

/** Fields that may hold a key, wherever they are in what is logged. */
const SECRET_FIELDS = ['authorization', '["x-api-key"]', 'api_key', 'apiKey'].flatMap((name) =>
  ['', '*', '*.*'].map((depth) => [depth, name].filter(Boolean).join('.').replace('.[', '[')),
);

export type LogForm = 'pretty' | 'json';

export function logForm(config: Pick<LogConfig, 'logFormat'>, isTerminal: boolean): LogForm {
  if (config.logFormat !== 'auto') return config.logFormat;
  return isTerminal ? 'pretty' : 'json';
}

/** The process's log output, in the form that is set. */
export function createLogOutput(config: Pick<LogConfig, 'logFormat'>): LogOutput {
  const { stdout } = process;
  if (logForm(config, stdout.isTTY) === 'json') return new LogOutput(stdout, null);
  const pretty = prettyFactory({
    colorize: stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,context',
    singleLine: true,
    // A message may quote a stranger: it must not break its line or steer the terminal.
    messageFormat: (log, messageKey) => {
      const { context } = log;
      const message = log[messageKey];
      const parts = [context, message].filter((part) => typeof part === 'string');
      return printable(parts.join(': '), MAX_PRETTY_MESSAGE);
    },
  });
  return new LogOutput(stdout, pretty);
}

/** How the program logs: no line per request, keys blotted out, nothing about the machine. */
export function loggerOptions(
  config: Pick<LogConfig, 'logLevel'>,
  output: DestinationStream,
): [Options, DestinationStream] {
  return [
    {
      level: config.logLevel,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: SECRET_FIELDS, censor: '(hidden)' },
      autoLogging: false,
    },
    output,
  ];
}
