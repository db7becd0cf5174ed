// Text for terminals. Names of channels come from outside, so control characters are removed.
const GAP = '  ';
const MIN_WIDTH = 6;

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
const NO_WIDTH = /[\p{Mn}\p{Me}\u200b-\u200f]/u;

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/** How the output is written: with colours on a terminal unless NO_COLOR is set, and at most as wide as the terminal. */
export function outputStyle(stream = process.stdout, env = process.env) {
  const hasColour = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return { width: stream.isTTY === true ? (stream.columns ?? 80) : Infinity, hasColour };
}

/** @param {keyof typeof STYLES | null} style */
export function paint(text, style, { hasColour }) {
  return hasColour && style !== null ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}

/**
 * Lays out rows below a heading. The widest columns are cut until a line fits the width.
 * @param {string[]} heading @param {unknown[][]} rows null and undefined are shown as `-`
 * @param {{ width: number, hasColour: boolean }} style
 */
export function renderTable(heading, rows, style) {
  const cells = [heading, ...rows.map((row) => row.map(cellText))];
  const widths = heading.map((_, n) => Math.max(...cells.map((row) => textWidth(row[n]))));
  const total = () =>
    widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  while (total() > style.width) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest] <= MIN_WIDTH) break;
    widths[widest] -= 1;
  }
  const lines = cells.map((row) =>
    row
      .map((cell, n) => fit(cell, widths[n]))
      .join(GAP)
      .trimEnd(),
  );
  return [paint(lines[0], 'bold', style), ...lines.slice(1)].map((line) => `${line}\n`).join('');
}

/** Lines of names and values. */
export function renderFacts(facts, style) {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts
    .map(([name, value]) => `${paint(name.padEnd(width), 'bold', style)}${GAP}${cellText(value)}\n`)
    .join('');
}

/** One line without control characters. */
export function cellText(value) {
  if (value === null || value === undefined || value === '') return '-';
  return String(value)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

function fit(text, width) {
  let shown = text;
  if (textWidth(text) > width) {
    const letters = [...text];
    while (textWidth(letters.join('')) > width - 1) letters.pop();
    shown = `${letters.join('')}…`;
  }
  return shown + ' '.repeat(width - textWidth(shown));
}

export function textWidth(text) {
  return [...text].reduce((sum, letter) => {
    if (NO_WIDTH.test(letter)) return sum;
    return sum + (WIDE.test(letter) ? 2 : 1);
  }, 0);
}
