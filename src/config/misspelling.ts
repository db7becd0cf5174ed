/**
 * Only names that resemble a setting are checked, because the environment contains variables of many other
 * programs. Some of these prefixes are used by others too (`DOCKER_CONFIG`, `VPN_TYPE`), but those names resemble
 * no setting of acefleet.
 */
const OUR_PREFIXES = [
  ...['PROXY_', 'ENGINE_', 'ENGINES_', 'SELECTION_WEIGHT_', 'MIN_', 'MAX_', 'CIRCUIT_BREAKER_'],
  ...['DOCKER_', 'PORT_RANGE_', 'SWARM_', 'VPN_', 'GLUETUN_'],
];

/** Two typing errors; with three, the name is probably a different word. */
const MAX_EDITS = 2;

/** Returns the setting that was probably meant, or null if the name is correct or resembles no setting. */
export function findIntendedName(name: string, known: readonly string[]): string | null {
  if (known.includes(name) || !OUR_PREFIXES.some((prefix) => name.startsWith(prefix))) return null;
  const [nearest] = known
    .map((candidate) => ({ candidate, edits: countEdits(name, candidate) }))
    .filter(({ edits }) => edits <= MAX_EDITS)
    .sort((a, b) => a.edits - b.edits);
  return nearest?.candidate ?? null;
}

/** Levenshtein distance: the number of letters to insert, delete or replace to turn `from` into `to`. */
export function countEdits(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > MAX_EDITS) return MAX_EDITS + 1;
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, letter] of Array.from(from).entries()) {
    const current = [row + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      const added = Math.min(previous[column + 1] ?? 0, current[column] ?? 0) + 1;
      current.push(Math.min(replaced, added));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
