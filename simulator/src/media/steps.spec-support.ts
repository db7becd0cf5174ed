/** Differences between successive values, modulo the wrap, as signed numbers. */
export function steps(values: readonly number[], wrap: number): number[] {
  return values.slice(1).map((value, n) => {
    const step = (((value - (values[n] ?? 0)) % wrap) + wrap) % wrap;
    return step > wrap / 2 ? step - wrap : step;
  });
}
