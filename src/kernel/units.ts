const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** One-letter sizes are powers of 1024, as in Docker and the JVM. */
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

/** Bit rates are powers of 1000, as everywhere. */
const BITS_PER_UNIT: Readonly<Record<string, number>> = {
  k: 1000,
  kbps: 1000,
  m: 1000 ** 2,
  mbps: 1000 ** 2,
  g: 1000 ** 3,
  gbps: 1000 ** 3,
};

const QUANTITY = /^(\d+(?:\.\d+)?) ?([a-z]*|%)$/i;

/** Largest unit first; only units that every program writes in the same way. */
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
 * Parses a duration: `500ms`, `10s`, `2m`, `1h`, `1d`; a number without a unit is seconds. Returns whole
 * milliseconds, or null if the text is not a duration.
 */
export function parseDurationMs(text: string): number | null {
  const quantity = readQuantity(text);
  if (quantity === null) return null;
  return scaled(quantity.value, quantity.unit === '' ? 1000 : MS_PER_UNIT[quantity.unit]);
}

/**
 * Parses a size: `32MiB` and `32M` (powers of 1024), `64KB` (powers of 1000), a number of bytes, or `25%` of
 * `totalBytes`. Returns whole bytes, or null if the text is not a size, or is a percentage over 100 or without a
 * total.
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

/**
 * Parses a bit rate: `500M`, `2.5Gbps`, or a number of bits per second. Returns whole bits per second, or null if the
 * text is not a bit rate.
 */
export function parseRateBps(text: string): number | null {
  const quantity = readQuantity(text);
  if (quantity === null) return null;
  return scaled(quantity.value, quantity.unit === '' ? 1 : BITS_PER_UNIT[quantity.unit]);
}

/** A bit rate for people: three digits, in Mbit/s. */
export function formatRate(bps: number): string {
  return `${Number((bps / 1_000_000).toPrecision(3))} Mbit/s`;
}

/** The shortest exact text for whole milliseconds; `parseDurationMs` parses it to the same value. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const step = DURATION_STEPS.find(([, unitMs]) => ms % unitMs === 0);
  return step === undefined ? `${ms}ms` : `${ms / step[1]}${step[0]}`;
}

/** The shortest exact text for whole bytes; `parseSizeBytes` parses it to the same value. */
export function formatSize(bytes: number): string {
  const step = bytes === 0 ? undefined : SIZE_STEPS.find(([, unit]) => bytes % unit === 0);
  return step === undefined ? `${bytes}B` : `${bytes / step[1]}${step[0]}`;
}

function readQuantity(text: string): { value: number; unit: string } | null {
  const match = QUANTITY.exec(text.trim());
  if (match?.[1] === undefined) return null;
  return { value: Number(match[1]), unit: (match[2] ?? '').toLowerCase() };
}

/** Above 2^53 neither milliseconds nor bytes are exact; such input is a mistake. */
function scaled(value: number, factor: number | undefined): number | null {
  if (factor === undefined) return null;
  const result = Math.round(value * factor);
  return Number.isSafeInteger(result) ? result : null;
}
