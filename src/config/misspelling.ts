/**
 * Only names that look like ours are judged: the environment is full of other programs' variables. Some of these are in
 * use by others too (`DOCKER_CONFIG`, `VPN_TYPE`), which have no names that are nearly ours.
 */
const OUR_PREFIXES = [
  ...['PROXY_', 'ENGINE_', 'ENGINES_', 'SELECTION_WEIGHT_', 'MIN_', 'MAX_', 'CIRCUIT_BREAKER_'],
  ...['DOCKER_', 'PORT_RANGE_', 'SWARM_', 'VPN_', 'GLUETUN_'],
];

/** Two slips of the finger; a third makes it another word. */
const MAX_EDITS = 2;

/** The known name that was probably meant, or null when the name is fine or unlike all of ours. */
export function findIntendedName(name: string, known: readonly string[]): string | null {
  if (known.includes(name) || !OUR_PREFIXES.some((prefix) => name.startsWith(prefix))) return null;
  const [nearest] = known
    .map((candidate) => ({ candidate, edits: countEdits(name, candidate) }))
    .filter(({ edits }) => edits <= MAX_EDITS)
    .sort((a, b) => a.edits - b.edits);
  return nearest?.candidate ?? null;
}

/** Levenshtein distance: letters to insert, delete or replace until `from` is `to`. */
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
