import {
  describeEvent,
  type DomainEventPayloads,
  type DomainEventType,
  type RecordedEvent,
} from '../events';

/** What an event says about an incident. */
export interface Signal {
  /** `end`: the incident is over, and nobody needs to hear of it. */
  readonly role: 'problem' | 'recovery' | 'end';
  readonly subject: string;
  /** Which side of the subject it is about, so that its problems do not hide each other; null: every side. */
  readonly aspect: string | null;
  /** True if no event tells that the problem is over. */
  readonly lapses: boolean;
}

type Answer = Partial<Signal> & Pick<Signal, 'role'>;

type Rule<T extends DomainEventType> = (payload: DomainEventPayloads[T]) => Answer | null;

/** How the events without a rule count: as a problem of their own if their level is `error`, else not at all. */
const RULES: { readonly [T in DomainEventType]?: Rule<T> } = {
  engine_state_changed: ({ to }) =>
    by(to, { unhealthy: problem('health'), healthy: recovery('health') }),
  engine_removed: () => recovery(null),
  engine_upload_exceeded: () => problem('upload'),
  engine_upload_normal: () => recovery('upload'),
  // An engine could be created after all.
  engine_added: () => ({ ...recovery('orders'), subject: 'fleet' }),
  engine_order_failed: () => problem('orders'),
  engine_rollout_changed: ({ state }) =>
    by(state, {
      stopped: problem('rollout'),
      started: recovery('rollout'),
      finished: recovery('rollout'),
    }),
  breaker_changed: ({ to }) => by(to, { open: problem('breaker'), closed: recovery('breaker') }),
  runtime_link_changed: ({ state }) =>
    by(state, { lost: problem('link'), connected: recovery('link') }),
  image_pull: ({ state }) => by(state, { failed: problem('pull'), finished: recovery('pull') }),
  vpn_state_changed: ({ to }) => by(to, { down: problem('health'), up: recovery('health') }),
  stream_stalled: () => problem('media'),
  stream_resumed: () => recovery('media'),
  stream_failed_over: () => recovery('media'),
  stream_started: () => recovery('media'),
  // The stream is gone. Only a new start of the same content tells that it plays again.
  stream_failed: () => ({ ...problem('media'), lapses: true }),
  stream_ended: ({ reason }) =>
    reason === 'shutdown' ? { role: 'end', aspect: null } : recovery(null),
  channel_died: () => problem('sources'),
  channel_recovered: () => recovery('sources'),
  webhook_state_changed: ({ to }) => (to === 'ok' ? recovery('delivery') : problem('delivery')),
};

/** Their problems are on the disk, so the next process does not report them again. */
const LASTING = /^(?:channel|webhook):/;

/** False if the next process reports a problem of the subject again, or has none because it begins anew. */
export function outlastsProcess(subject: string): boolean {
  return LASTING.test(subject);
}

/** Null if the event is about no incident. */
export function signalOf(event: RecordedEvent): Signal | null {
  const { subject, level } = describeEvent(event);
  const rule = RULES[event.type] as Rule<DomainEventType> | undefined;
  if (rule === undefined) {
    if (level !== 'error') return null;
    return { role: 'problem', subject, aspect: event.type, lapses: true };
  }
  const answer = rule(event.payload);
  return answer === null ? null : { subject, aspect: null, lapses: false, ...answer };
}

function by(state: string, answers: Readonly<Record<string, Answer>>): Answer | null {
  return answers[state] ?? null;
}

function problem(aspect: string): Answer {
  return { role: 'problem', aspect };
}

function recovery(aspect: string | null): Answer {
  return { role: 'recovery', aspect };
}
