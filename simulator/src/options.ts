import { isPersonality, type Personality } from './personality';

/** Settings that AceServe's API changes at run time. Rates in KB/s (0: no limit), the buffer in seconds. */
export interface EngineSettings {
  download_limit: number;
  upload_limit: number;
  live_buffer: number;
}

/** Options of a simulated engine. Times in ms. */
export interface Options {
  readonly host: string;
  readonly httpPort: number;
  /** Null: no control API. */
  readonly controlPort: number | null;
  readonly name: string;
  readonly anyContent: boolean;
  readonly bitrateMbps: number;
  readonly startDelayMs: number;
  readonly readyDelayMs: number;
  readonly burstSeconds: number;
  readonly maxSessions: number;
  readonly personality: Personality;
  readonly ignoreSigterm: boolean;
  readonly exitWithParent: boolean;
  readonly printCatalogue: boolean;
  readonly idleTimeoutMs: number;
  readonly takeoverMs: number;
  readonly unknownIdMs: number;
  readonly unknownInfohashMs: number;
  /** The clip that is played in a loop; null: the clip in the repository. */
  readonly clip: string | null;
  /** PTS of the loop that is on air at the start; null: from the wall clock. */
  readonly ptsStart: number | null;
  /** Null: a random one. */
  readonly accessToken: string | null;
  /** What the engine reports and, for the upload, keeps to. */
  readonly settings: Readonly<EngineSettings>;
}

const DEFAULTS: Options = {
  host: '127.0.0.1',
  httpPort: 6878,
  controlPort: null,
  name: 'simulator',
  anyContent: false,
  bitrateMbps: 4,
  startDelayMs: 300,
  readyDelayMs: 0,
  burstSeconds: 5,
  maxSessions: 1000,
  personality: '3.2.3',
  ignoreSigterm: false,
  exitWithParent: false,
  printCatalogue: false,
  idleTimeoutMs: 60_000,
  takeoverMs: 1000,
  unknownIdMs: 400,
  unknownInfohashMs: 800,
  clip: null,
  ptsStart: null,
  accessToken: null,
  settings: { download_limit: 0, upload_limit: 0, live_buffer: 10 },
};

type Values = Record<string, string>;

/** Parses `--flag value`, `--flag=value` and `--flag`; anything else is skipped. Later flags have priority. */
function readFlags(words: readonly string[]): Values {
  const values: Values = {};
  for (let n = 0; n < words.length; n += 1) {
    const word = words[n] ?? '';
    if (!word.startsWith('--')) continue;
    const equals = word.indexOf('=');
    const next = words[n + 1];
    if (equals > 0) {
      values[word.slice(2, equals)] = word.slice(equals + 1);
    } else if (next !== undefined && !next.startsWith('--')) {
      values[word.slice(2)] = next;
      n += 1;
    } else {
      values[word.slice(2)] = '';
    }
  }
  return values;
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

function numberFlag(values: Values, flag: string, initial: number, low = 0, high = 1e9): number {
  const text = values[flag];
  if (text === undefined) return initial;
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < low || value > high) {
    throw new Error(`--${flag} ${text}: a number from ${low} to ${high} is required`);
  }
  return value;
}

function personalityFlag(text: string | undefined): Personality {
  if (text === undefined) return DEFAULTS.personality;
  if (!isPersonality(text)) throw new Error(`--personality ${text}: unknown`);
  return text;
}

/**
 * Options from the command line, preceded by `CONF` and `ACESTREAM_ARGS` as in engine images. Flags of the real
 * engine without a meaning here are ignored.
 * @throws Error with one line if a value is invalid.
 */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  const values = readFlags([...words(env['CONF']), ...words(env['ACESTREAM_ARGS']), ...args]);
  const has = (flag: string): boolean => flag in values && values[flag] !== 'false';
  return {
    host: values['host'] ?? (has('bind-all') ? '0.0.0.0' : DEFAULTS.host),
    httpPort: numberFlag(values, 'http-port', DEFAULTS.httpPort, 0, 65_535),
    controlPort: 'control-port' in values ? numberFlag(values, 'control-port', 0, 0, 65_535) : null,
    name: values['name'] ?? DEFAULTS.name,
    anyContent: has('any-content'),
    bitrateMbps: numberFlag(values, 'bitrate', DEFAULTS.bitrateMbps, 1, 50),
    startDelayMs: numberFlag(values, 'start-delay', DEFAULTS.startDelayMs),
    readyDelayMs: numberFlag(values, 'ready-delay', DEFAULTS.readyDelayMs),
    burstSeconds: numberFlag(values, 'burst-seconds', DEFAULTS.burstSeconds, 0, 600),
    maxSessions: numberFlag(values, 'max-sessions', DEFAULTS.maxSessions, 1, 100_000),
    personality: personalityFlag(values['personality']),
    ignoreSigterm: has('ignore-sigterm'),
    exitWithParent: has('exit-with-parent'),
    printCatalogue: has('print-catalogue'),
    idleTimeoutMs: numberFlag(values, 'idle-timeout', DEFAULTS.idleTimeoutMs),
    takeoverMs: numberFlag(values, 'takeover-delay', DEFAULTS.takeoverMs),
    unknownIdMs: numberFlag(values, 'unknown-id-delay', DEFAULTS.unknownIdMs),
    unknownInfohashMs: numberFlag(values, 'unknown-infohash-delay', DEFAULTS.unknownInfohashMs),
    clip: values['clip'] ?? DEFAULTS.clip,
    ptsStart: 'pts-start' in values ? numberFlag(values, 'pts-start', 0, 0, 2 ** 33 - 1) : null,
    accessToken: values['access-token'] ?? DEFAULTS.accessToken,
    settings: {
      download_limit: numberFlag(values, 'download-limit', DEFAULTS.settings.download_limit),
      upload_limit: numberFlag(values, 'upload-limit', DEFAULTS.settings.upload_limit),
      live_buffer: numberFlag(values, 'live-buffer', DEFAULTS.settings.live_buffer),
    },
  };
}
