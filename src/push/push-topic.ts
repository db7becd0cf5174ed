import type { DomainEventType } from '../events';

/** What a client can follow. */
export const PUSH_TOPICS = [
  'streams',
  'clients',
  'engines',
  'vpns',
  'fleet',
  'checks',
  'ticks',
  'events',
] as const;

export type PushTopic = (typeof PUSH_TOPICS)[number];

/** Topics with a state, which the snapshot contains. */
export type StateTopic = Exclude<PushTopic, 'ticks' | 'events'>;

/** What a client has asked for. Every API key may see every topic, because each is also at an address of scope `read`. */
export class PushView {
  /** The same for clients that get the same messages. */
  readonly key: string;

  /** @param types types of events; null: all */
  constructor(
    readonly topics: ReadonlySet<PushTopic>,
    private readonly types: ReadonlySet<DomainEventType> | null,
  ) {
    this.key = [[...topics].sort().join(), [...(types ?? ['*'])].sort().join()].join(' ');
  }

  get hasState(): boolean {
    return [...this.topics].some((topic) => topic !== 'ticks' && topic !== 'events');
  }

  includes(topic: PushTopic, type: DomainEventType | null): boolean {
    if (!this.topics.has(topic)) return false;
    return type === null || this.types === null || this.types.has(type);
  }
}
