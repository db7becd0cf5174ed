import { type DestinationStream, stdTimeFunctions } from 'pino';
import { type Options } from 'pino-http';
import { prettyFactory } from 'pino-pretty';
import { type AppConfig } from '../config';
import { LogOutput } from './log-output';
import { printable } from './printable';

export type LogConfig = Pick<AppConfig, 'logFormat' | 'logLevel'>;

/** Maximum length of a message on a terminal. JSON contains the whole message, with escaped control characters. */
const MAX_PRETTY_MESSAGE = 4096;

/** Fields that may contain a key, anywhere in a log line. */
const SECRET_FIELDS = ['authorization', '["x-api-key"]', 'cookie', 'api_key', 'apiKey'].flatMap(
  (name) =>
    ['', '*', '*.*'].map((depth) => [depth, name].filter(Boolean).join('.').replace('.[', '[')),
);

export type LogForm = 'pretty' | 'json';

export function logForm(config: Pick<LogConfig, 'logFormat'>, isTerminal: boolean): LogForm {
  if (config.logFormat !== 'auto') return config.logFormat;
  return isTerminal ? 'pretty' : 'json';
}

/** The log output of the process, in the configured format. */
export function createLogOutput(config: Pick<LogConfig, 'logFormat'>): LogOutput {
  const { stdout } = process;
  if (logForm(config, stdout.isTTY) === 'json') return new LogOutput(stdout, null);
  const pretty = prettyFactory({
    colorize: stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,context',
    singleLine: true,
    // A message may quote a stranger's text, which must not break the line or control the terminal.
    messageFormat: (log, messageKey) => {
      const { context } = log;
      const message = log[messageKey];
      const parts = [context, message].filter((part) => typeof part === 'string');
      return printable(parts.join(': '), MAX_PRETTY_MESSAGE);
    },
  });
  return new LogOutput(stdout, pretty);
}

/** Options of the logger: no line per request, keys are hidden, no facts about the machine. */
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
