/** `sim-2` before `sim-10`, whoever was ready first. */
const BY_ID = new Intl.Collator('en', { numeric: true });

/** The engines by their ids; a new list. */
export function inOrder<T extends { readonly id: string }>(engines: readonly T[]): T[] {
  return [...engines].sort((a, b) => BY_ID.compare(a.id, b.id));
}
