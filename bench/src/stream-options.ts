import { parseArgs } from 'node:util';
import { type Children } from './children';

export const STREAM_CASES = [
  'kill',
  'freeze',
  'move',
  'hls-start',
  'hls-mixed',
  'hostile',
  'memory',
  'guide',
] as const;
export type StreamCaseName = (typeof STREAM_CASES)[number];

export interface StreamOptions {
  cases: readonly StreamCaseName[];
  /** Null: each case's own. */
  viewers: number | null;
  rounds: number;
  countMs: number;
  json: string | null;
}

/** Options that the runs of a benchmark share. */
export interface StreamContext {
  children: Children;
  options: StreamOptions;
  signal: AbortSignal;
}

export const STREAM_USAGE = `npm run bench:streams -- [options]

Measures what viewers get while engines fail or are left, and what HLS costs. Engines, viewers and the product run on
this machine over loopback. Exits with another code than 0 only when something could not be measured.

  --case NAME     only this case; may be given several times: ${STREAM_CASES.join(', ')}
  --viewers N     of each failover (200), and of each kind in hls-mixed (500)
  --rounds N      rounds of each failover, start and import of a guide (3)
  --duration SEC  counting time of hls-mixed, of each kind of hostile content, of each memory figure and of each import, in seconds (20)
  --json FILE     writes all figures to FILE as well
  --help          this text`;

/** Null if help was requested. @throws Error with one line that names the invalid option */
export function parseStreamOptions(args: readonly string[]): StreamOptions | null {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      case: { type: 'string', multiple: true, default: [] },
      viewers: { type: 'string' },
      rounds: { type: 'string' },
      duration: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const unknown = values.case.find((name) => !STREAM_CASES.some((known) => known === name));
  if (unknown !== undefined) {
    throw new Error(`--case ${unknown}: allowed are ${STREAM_CASES.join(', ')}`);
  }
  const isChosen = (name: StreamCaseName): boolean =>
    values.case.length === 0 || values.case.includes(name);
  return {
    cases: STREAM_CASES.filter(isChosen),
    viewers: whole('--viewers', values.viewers, 1000),
    rounds: whole('--rounds', values.rounds, 100) ?? 3,
    countMs: (whole('--duration', values.duration, 600) ?? 20) * 1000,
    json: values.json ?? null,
  };
}

function whole(option: string, text: string | undefined, most: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`${option} ${text}: allowed are 1 to ${most}`);
}
