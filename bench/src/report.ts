import os from 'node:os';
import { type BenchCase, type Figure, type Goal, type Measurement } from './cases';
import { type ServerName } from './servers';

/** The results of a case, by server; servers that were not selected are missing. */
export interface CaseResult {
  benchCase: BenchCase;
  measured: Partial<Record<ServerName, Measurement>>;
}

/** One value of one case, ready for printing. */
export interface Row {
  case: string;
  figure: string;
  product: number | null;
  bare: number | null;
  /** The other proxy's value, if one was measured too. */
  other: number | null;
  /** The product's value divided by the bare Node program's. */
  ratio: number | null;
  goal: string;
  /** Null if there is no goal, or nothing to compare with. */
  met: boolean | null;
}

interface ShownRow {
  row: Row;
  digits: number;
}

export const SERVER_NAMES: Record<ServerName, string> = {
  product: 'ours',
  bare: 'bare Node',
  other: 'other',
};
const HEADINGS = ['case', 'figure', 'ours', 'bare Node', 'ratio', 'other', 'goal', 'met'] as const;
const NUMBERS: readonly string[] = ['ours', 'bare Node', 'ratio', 'other'];
const NONE = '–';
/** Above this share of a core the load generator may be the bottleneck. */
const BUSY_SHARE = 0.85;

/** The table's rows, case by case. */
export function rows(results: readonly CaseResult[]): Row[] {
  return shownRows(results).map(({ row }) => row);
}

function shownRows(results: readonly CaseResult[]): ShownRow[] {
  return results.flatMap(({ benchCase, measured }) =>
    benchCase.figures.map((figure) => ({
      row: figureRow(benchCase, figure, measured),
      digits: figure.digits,
    })),
  );
}

function figureRow(
  benchCase: BenchCase,
  figure: Figure,
  measured: Partial<Record<ServerName, Measurement>>,
): Row {
  const product = measured.product ? figure.value(measured.product) : null;
  const bare = measured.bare ? figure.value(measured.bare) : null;
  const other = measured.other ? figure.value(measured.other) : null;
  const goal: Goal | null =
    measured.product && figure.goal ? figure.goal(measured.product, bare, other) : null;
  const comparable = product !== null && goal !== null && goal.limit !== null;
  return {
    case: benchCase.title,
    figure: figure.label,
    product,
    bare,
    other,
    ratio: product !== null && bare !== null && bare > 0 ? product / bare : null,
    goal: goal?.text ?? '',
    met: comparable ? product <= (goal.limit ?? 0) : null,
  };
}

/** The table as text, followed by notes that readers need to judge it. */
export function printedReport(results: readonly CaseResult[], mbitPerSecond: number): string {
  const lines = shownRows(results).map(({ row, digits }, index, all) => [
    all[index - 1]?.row.case === row.case ? '' : row.case,
    row.figure,
    shown(row.product, digits),
    shown(row.bare, digits),
    row.ratio === null ? NONE : row.ratio.toFixed(2),
    shown(row.other, digits),
    row.goal,
    row.met === null ? '' : row.met ? 'yes' : 'NO',
  ]);
  return [
    `Fan-out at ${mbitPerSecond} Mbit/s per viewer, over loopback.`,
    machine(),
    '',
    ...aligned([[...HEADINGS], ...lines]),
    '',
    ...notes(results),
  ].join('\n');
}

function shown(value: number | null, digits: number): string {
  return value === null ? NONE : value.toFixed(digits);
}

/** Numbers are right-aligned, text is left-aligned; a rule follows the headings. */
function aligned(table: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...table.map((cells) => (cells[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return NUMBERS.includes(HEADINGS[column] ?? '') ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return table.flatMap((cells, index) => (index === 0 ? [line(cells), rule] : [line(cells)]));
}

function notes(results: readonly CaseResult[]): string[] {
  const busy = results.flatMap(({ benchCase, measured }) =>
    Object.values(measured)
      .filter(({ load }) => load.ownCpuShare > BUSY_SHARE)
      .map(({ load }) => `${benchCase.name} (${Math.round(load.ownCpuShare * 100)} % of a core)`),
  );
  return [
    'CPU: user and system time of the server process, all threads, while counting. Bare Node: a fan-out',
    'with the same batching and nothing else, measured right after ours in the same run. GB: 10^9 bytes.',
    'Every packet of every viewer was checked; latency is that of the newest packet in each read.',
    ...(busy.length === 0
      ? []
      : [
          `Warning: the load generator itself was busy in ${busy.join(', ')}: figures are upper bounds.`,
        ]),
  ];
}

/** The machine of the measurement. */
export function machine(): string {
  const cores = os.cpus();
  const memory = (os.totalmem() / 1e9).toFixed(0);
  return `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, ${memory} GB, Linux ${os.release()}, Node ${process.version}.`;
}
