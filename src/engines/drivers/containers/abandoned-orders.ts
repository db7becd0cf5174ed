/** More than that were never under way at a time; whatever is older shows as `created` in a look. */
const MAX_ORDERS = 200;

/**
 * Orders that failed while Docker gave no answer: their containers may exist all the same, or come to
 * exist when a frozen Docker Engine wakes up. Looks do not show them as engines; they are removed as soon
 * as they are seen.
 */
export class AbandonedOrders {
  /** Oldest first. */
  private readonly keys = new Set<string>();

  add(key: string): void {
    this.keys.add(key);
    const [oldest] = this.keys;
    if (this.keys.size > MAX_ORDERS && oldest !== undefined) this.keys.delete(oldest);
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** The order is given anew: its engine is wanted again. */
  forgive(key: string): void {
    this.keys.delete(key);
  }
}
