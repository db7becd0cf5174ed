/** Something that happened to a container, network, service… */
export interface DockerEvent {
  /** `container`, `network`, `service`, `image`… */
  readonly type: string;
  /** `start`, `die`, `destroy`…; some go on after a colon: `health_status: healthy`. */
  readonly action: string;
  /** Of what it happened to. */
  readonly id: string;
  /** Labels and facts: a container's have `name`, `image`, and `exitCode` when it died. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Wall clock of Docker's machine. */
  readonly timeMs: number;
}

/** Null for what is no event, or one that says not what it happened to. */
export function readEvent(message: unknown): DockerEvent | null {
  const { Type, Action, Actor, time, timeNano } = (message ?? {}) as EventMessage;
  if (typeof Type !== 'string' || typeof Action !== 'string') return null;
  if (typeof Actor?.ID !== 'string' || Actor.ID === '') return null;
  const attributes = Object.entries(Actor.Attributes ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    type: Type,
    action: Action,
    id: Actor.ID,
    attributes: Object.fromEntries(attributes),
    timeMs: milliseconds(timeNano, 1e-6) ?? milliseconds(time, 1000) ?? Date.now(),
  };
}

function milliseconds(value: unknown, factor: number): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.floor(value * factor) : null;
}

interface EventMessage {
  readonly Type?: unknown;
  readonly Action?: unknown;
  readonly Actor?: {
    readonly ID?: unknown;
    readonly Attributes?: Record<string, unknown> | null;
  } | null;
  readonly time?: unknown;
  readonly timeNano?: unknown;
}
