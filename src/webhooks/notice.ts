import type { EventLevel } from '../events';

/**
 * `problem`, `recovery` and `flapping` are about incidents. `event` is an event as it is, which a webhook has selected.
 * `test` is sent on demand.
 */
export const NOTICE_KINDS = ['problem', 'recovery', 'flapping', 'event', 'test'] as const;

export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What a webhook tells its receiver. It is stored as JSON. */
export interface Notice {
  readonly kind: NoticeKind;
  /** Type of the event that caused it, or `webhook_test`. */
  readonly type: string;
  readonly level: EventLevel;
  /** Level of the problem that the notice is about; for an event, its level. */
  readonly gravity: EventLevel;
  /** What it is about, such as `engine:ID`. */
  readonly subject: string;
  /** One plain English sentence. */
  readonly text: string;
  /** When the event was published. ISO 8601, UTC. */
  readonly time: string;
  readonly eventId: number | null;
  /** How long the problem lasted; null unless it is over. */
  readonly durationMs: number | null;
  /** The fields of the event. */
  readonly details: Readonly<Record<string, unknown>>;
}

const TITLES: Readonly<Record<NoticeKind, string>> = {
  problem: 'acefleet: problem',
  recovery: 'acefleet: recovered',
  flapping: 'acefleet: unstable',
  event: 'acefleet: event',
  test: 'acefleet: test',
};

export function titleOf({ kind }: Pick<Notice, 'kind'>): string {
  return TITLES[kind];
}

const MINUTE_MS = 60_000;

/** A duration for people, such as `40 s`, `5 min` or `3 h 20 min`. */
export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.round(ms / 1000)} s`;
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return `${hours} h ${minutes - hours * 60} min`;
}

/** The notice of the test button. */
export function testNotice(webhookId: string, time: string): Notice {
  return {
    kind: 'test',
    type: 'webhook_test',
    level: 'info',
    gravity: 'info',
    subject: `webhook:${webhookId}`,
    text: 'This is a test of acefleet. The webhook works.',
    time,
    eventId: null,
    durationMs: null,
    details: {},
  };
}
