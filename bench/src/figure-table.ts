import { machine } from './report';

/** One result of a benchmark of streams. */
export interface StreamFigure {
  label: string;
  value: number | null;
  /** Number of decimals. */
  digits: number;
  /** The maximum value; if it is missing, the figure has no goal. */
  limit?: number;
}

export interface StreamCase {
  name: string;
  title: string;
  /** Notes that explain the values. */
  note: string;
  figures: StreamFigure[];
}

const NONE = '–';

/** The values and their goals, as text. */
export function figureTable(cases: readonly StreamCase[]): string {
  const labels = cases.flatMap(({ figures }) => figures.map(({ label }) => label.length));
  const width = Math.max(...labels, 0);
  const lines = cases.flatMap(({ title, note, figures }) => [
    '',
    title,
    `  ${note}`,
    ...figures.map((figure) => `  ${figure.label.padEnd(width)}  ${verdict(figure)}`),
  ]);
  return [machine(), ...lines].join('\n');
}

function verdict({ value, digits, limit }: StreamFigure): string {
  const seen = (value === null ? NONE : value.toFixed(digits)).padStart(9);
  if (limit === undefined) return seen;
  const goal = limit === 0 ? '0' : `≤ ${limit}`;
  const verdict = value === null ? '' : value <= limit ? 'yes' : 'NO';
  return `${seen}  goal ${goal.padEnd(8)} ${verdict}`.trimEnd();
}
