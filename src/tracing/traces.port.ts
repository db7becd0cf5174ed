/** A period of time with a name, and what happened within it. */
export interface SpanRecord {
  readonly name: string;
  /** Monotonic ms. */
  readonly beganMs: number;
  /** Monotonic ms. */
  readonly endedMs: number;
  /** Attributes that are null are left out. */
  readonly attributes?: Readonly<Record<string, string | number | null>>;
  /** What failed; null if nothing did. */
  readonly error?: string | null;
  readonly children?: readonly SpanRecord[];
}

/**
 * Records traces. A trace is recorded when all that it contains is over, so that nothing has to be tracked meanwhile.
 *
 * This is an abstract class so that it can be the injection token.
 */
export abstract class Traces {
  /** @param span returns the root of the trace; called only if traces are recorded. Never throws. */
  abstract record(span: () => SpanRecord): void;
}

/** Without OTEL_EXPORTER_OTLP_ENDPOINT. */
export class NoTraces extends Traces {
  override record(): void {
    // Nobody wants the trace.
  }
}
