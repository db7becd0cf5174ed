type Fields = Readonly<Record<string, unknown>>;

interface Entry {
  fields: Fields;
  json: string;
  /** Number of the message that told of the last change. */
  rev: number;
}

/** A time in ISO 8601. Computed from a monotonic clock, the same moment may differ by a little. */
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const SAME_MOMENT_MS = 1000;

/** The entries of one topic as clients know them, to find out what has changed. */
export class StateTable {
  private readonly entries = new Map<string, Entry>();

  ids(): IterableIterator<string> {
    return this.entries.keys();
  }

  fieldsOf(id: string): Fields | null {
    return this.entries.get(id)?.fields ?? null;
  }

  /** Takes over the present fields of an entry. Returns those that have changed, all of a new entry; null if none has. */
  update(id: string, present: Fields, nextRev: number): Fields | null {
    const known = this.entries.get(id);
    let json = JSON.stringify(present);
    if (known === undefined) {
      this.entries.set(id, { fields: present, json, rev: nextRev });
      return present;
    }
    if (json === known.json) return null;
    const fields = withKnownTimes(present, known.fields) as Fields;
    json = JSON.stringify(fields);
    if (json === known.json) return null;
    const changed = Object.entries(fields).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(known.fields[name]),
    );
    this.entries.set(id, { fields, json, rev: nextRev });
    return Object.fromEntries(changed);
  }

  remove(id: string): void {
    this.entries.delete(id);
  }

  clear(): void {
    this.entries.clear();
  }

  /** All entries, as a JSON array. */
  toJson(): string {
    const all = Array.from(
      this.entries,
      ([id, { json, rev }]) => `{"id":${JSON.stringify(id)},"rev":${rev}${restOf(json)}`,
    );
    return `[${all.join()}]`;
  }
}

/** `{"a":1}` without its brace, to follow other fields. */
function restOf(json: string): string {
  return json === '{}' ? '}' : `,${json.slice(1)}`;
}

/** `present` with the times of `known` where both are the same moment. */
function withKnownTimes(present: unknown, known: unknown): unknown {
  if (typeof present === 'string' && typeof known === 'string') {
    if (!TIME.test(present) || !TIME.test(known)) return present;
    const differenceMs = Math.abs(Date.parse(present) - Date.parse(known));
    return differenceMs < SAME_MOMENT_MS ? known : present;
  }
  if (!isObject(present) || !isObject(known)) return present;
  if (Array.isArray(present)) {
    return present.map((item, index) =>
      withKnownTimes(item, Array.isArray(known) ? known[index] : null),
    );
  }
  return Object.fromEntries(
    Object.entries(present).map(([name, value]) => [name, withKnownTimes(value, known[name])]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
