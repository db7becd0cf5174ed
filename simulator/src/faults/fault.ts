import { FAULT_KINDS, isFaultKind, isPlace, type FaultKind, type Place } from './fault-kinds';

type Json = Readonly<Record<string, unknown>>;

/** A fault with its conditions, its counters and its parameters. */
export class Fault {
  /** Requests at its place since it was set. */
  matched = 0;
  /** Requests to which it was applied. */
  applied = 0;

  private constructor(
    readonly kind: FaultKind,
    readonly where: Place,
    private readonly content: string | null,
    private readonly nth: readonly number[] | null,
    private readonly from: number,
    private readonly times: number,
    private readonly parameters: Json,
  ) {}

  /** @throws Error with one line if the description is invalid. */
  static parse(value: unknown): Fault {
    if (typeof value !== 'object' || value === null) throw new Error('a fault is an object');
    const json = value as Json;
    const { kind, content } = json;
    if (!isFaultKind(kind)) throw new Error(`unknown fault kind: ${String(kind)}`);
    const where = json['where'] ?? FAULT_KINDS[kind];
    if (!isPlace(where)) throw new Error(`unknown place: ${JSON.stringify(where)}`);
    if (content !== undefined && typeof content !== 'string')
      throw new Error('content is a string');
    const nth = json['nth'] === undefined ? null : [json['nth']].flat().map(Number);
    const from = Number(json['from'] ?? 1);
    const times = Number(json['times'] ?? Infinity);
    if ([...(nth ?? []), from, times].some((count) => !(count >= 1))) {
      throw new Error('nth, from and times count from 1');
    }
    return new Fault(kind, where, content?.toLowerCase() ?? null, nth, from, times, json);
  }

  /** Counts a request and returns whether the fault applies to it. `keys`: the content's id and infohash. */
  appliesTo(place: Place, keys: readonly string[]): boolean {
    if (this.where !== 'any' && this.where !== place) return false;
    if (this.content !== null && !keys.includes(this.content)) return false;
    this.matched += 1;
    const chosen = this.nth === null ? this.matched >= this.from : this.nth.includes(this.matched);
    if (!chosen || this.applied >= this.times) return false;
    this.applied += 1;
    return true;
  }

  number(parameter: string, initial: number): number {
    const value = this.parameters[parameter];
    return typeof value === 'number' && Number.isFinite(value) ? value : initial;
  }

  optionalNumber(parameter: string): number | null {
    const value = this.parameters[parameter];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  text(parameter: string, initial: string): string {
    const value = this.parameters[parameter];
    return typeof value === 'string' ? value : initial;
  }

  optionalText(parameter: string): string | null {
    const value = this.parameters[parameter];
    return typeof value === 'string' ? value : null;
  }

  toJson(): Json {
    return { ...this.parameters, where: this.where, matched: this.matched, applied: this.applied };
  }
}
