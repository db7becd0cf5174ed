const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** One-letter sizes are powers of 1024, as Docker and the JVM read them. */
const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
};

const QUANTITY = /^(\d+(?:\.\d+)?) ?([a-z]*|%)$/i;

/** Largest first, and only units that are written the same way by everybody. */
const DURATION_STEPS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

const SIZE_STEPS = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;

/**
 * Reads a duration as people write it: `500ms`, `10s`, `2m`, `1h`, `1d`; a bare number is seconds.
 * Returns whole milliseconds, or null when the text is no duration.
 */
export function parseDurationMs(text: string): number | null {
  const quantity = readQuantity(text);
  if (quantity === null) return null;
  return scaled(quantity.value, quantity.unit === '' ? 1000 : MS_PER_UNIT[quantity.unit]);
}

/**
 * Reads a size: `32MiB` and `32M` (powers of 1024), `64KB` (powers of 1000), a bare number of bytes,
 * or `25%` of `totalBytes`. Returns whole bytes, or null when the text is no size, or is a percentage
 * over 100 or without a total to take it of.
 */
export function parseSizeBytes(text: string, totalBytes?: number): number | null {
  const quantity = readQuantity(text);
  if (quantity === null) return null;
  if (quantity.unit === '%') {
    if (totalBytes === undefined || quantity.value > 100) return null;
    return Math.floor((totalBytes * quantity.value) / 100);
  }
  return scaled(quantity.value, quantity.unit === '' ? 1 : BYTES_PER_UNIT[quantity.unit]);
}

/** The shortest exact way to write whole milliseconds; `parseDurationMs` reads it back unchanged. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const step = DURATION_STEPS.find(([, unitMs]) => ms % unitMs === 0);
  return step === undefined ? `${ms}ms` : `${ms / step[1]}${step[0]}`;
}

/** The shortest exact way to write whole bytes; `parseSizeBytes` reads it back unchanged. */
export function formatSize(bytes: number): string {
  const step = bytes === 0 ? undefined : SIZE_STEPS.find(([, unit]) => bytes % unit === 0);
  return step === undefined ? `${bytes}B` : `${bytes / step[1]}${step[0]}`;
}

function readQuantity(text: string): { value: number; unit: string } | null {
  const match = QUANTITY.exec(text.trim());
  if (match?.[1] === undefined) return null;
  return { value: Number(match[1]), unit: (match[2] ?? '').toLowerCase() };
}

/** Beyond 2^53 neither milliseconds nor bytes are exact any more; such input is a mistake. */
function scaled(value: number, factor: number | undefined): number | null {
  if (factor === undefined) return null;
  const result = Math.round(value * factor);
  return Number.isSafeInteger(result) ? result : null;
}
