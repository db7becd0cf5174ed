import { createHash } from 'node:crypto';

export type SpecValue = string | number | boolean | null | readonly SpecValue[];

/**
 * 16 hex digits that stand for these facts: equal for equal facts in whatever order of their names, another one for
 * any other. SHA-256, cut: nobody forges it, it only has to tell settings of yesterday from those of today.
 */
export function specHash(facts: Readonly<Record<string, SpecValue>>): string {
  const sorted = Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
}
