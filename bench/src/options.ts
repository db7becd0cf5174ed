import { parseArgs } from 'node:util';
import { CASE_NAMES, type CaseName } from './cases';
import { type ServerName } from './servers';

/** The options of the command line. */
export interface BenchOptions {
  quick: boolean;
  cases: readonly CaseName[];
  servers: readonly ServerName[];
  /** Measured time, or null for the case's own. */
  durationMs: number | null;
  /** Shell command that starts another proxy for comparison; null: none. */
  against: string | null;
  /** File for all results as JSON. */
  json: string | null;
}

const SERVERS: readonly ServerName[] = ['product', 'bare', 'other'];
const USUAL: readonly ServerName[] = ['product', 'bare'];

export const USAGE = `npm run bench -- [options]

Measures the fan-out of this product and, in the same run, of a bare Node.js fan-out with the same
batching (the baseline). Engine, viewers and both servers run on this machine over loopback.

  --quick           shorter times: about three minutes instead of six, less precise figures
  --case NAME       only this case; may be given several times: ${CASE_NAMES.join(', ')}
  --server NAME     only this server: product, bare, other
  --against COMMAND also measures another proxy, which this shell command starts; {port} is the port on which
                    it must listen on 127.0.0.1, {engine_port} its engine's. It must answer /ace/getstream?id=…
  --duration SEC    counting time of each case, in seconds
  --json FILE       writes all figures to FILE as well
  --help            this text`;

/** Null if help was requested. @throws Error with one line that names the invalid option */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      quick: { type: 'boolean', default: false },
      case: { type: 'string', multiple: true, default: [] },
      server: { type: 'string', multiple: true, default: [] },
      duration: { type: 'string' },
      against: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    quick: values.quick,
    cases: chosen('--case', values.case, CASE_NAMES),
    servers: servers(values.server, values.against),
    durationMs: values.duration === undefined ? null : durationMs(values.duration),
    against: values.against ?? null,
    json: values.json ?? null,
  };
}

function servers(given: readonly string[], against: string | undefined): readonly ServerName[] {
  if (given.length === 0) return against === undefined ? USUAL : SERVERS;
  if (given.includes('other') && against === undefined) {
    throw new Error('--server other: needs --against');
  }
  return chosen('--server', given, SERVERS);
}

function chosen<T extends string>(
  option: string,
  given: readonly string[],
  known: readonly T[],
): readonly T[] {
  for (const name of given) {
    if (!known.some((candidate) => candidate === name)) {
      throw new Error(`${option} ${name}: allowed are ${known.join(', ')}`);
    }
  }
  return given.length === 0 ? known : known.filter((candidate) => given.includes(candidate));
}

function durationMs(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 1 && seconds <= 600)) {
    throw new Error(`--duration ${text}: allowed are 1 to 600 seconds`);
  }
  return seconds * 1000;
}
