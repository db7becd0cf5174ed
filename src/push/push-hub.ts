import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { BrowserSessions } from '../access';
import { type AppConfig, CONFIG, productVersion } from '../config';
import {
  type DomainEventType,
  EventBus,
  EventDto,
  type RecordedEvent,
  toLoggedEvent,
} from '../events';
import { addressGroup, sharedAddresses } from '../http';
import { wallClockIso } from '../kernel/clock';
import { AppError } from '../kernel/errors';
import type { PushConnection } from './push-connection';
import { PushState, TICK_FIELDS } from './push-state';
import { PUSH_TOPICS, type PushTopic, type PushView, type StateTopic } from './push-topic';
import { PING, retryField, sseFrame } from './sse-frame';

/** Changes are sent this often, so an entry changes at most four times a second. */
const STEP_MS = 250;
const TICK_STEPS = 4;
const PING_STEPS = 60;

/** Messages that are kept for clients that connect again. */
export const RING_SIZE = 1000;

export const MAX_CONNECTIONS = 50;
export const MAX_CONNECTIONS_PER_ADDRESS = 5;

const RETRY_MS = 2000;

interface Message {
  readonly number: number;
  readonly topic: PushTopic;
  readonly eventType: DomainEventType | null;
  /** Serialised when the first client needs it, and then kept. */
  readonly frame: () => string;
}

/** What a client that connects again knows already. */
interface Resumption {
  /** Number of the last message that the client has. */
  readonly number: number;
  /** True if the ring also has every later change of the state, so that no snapshot is needed. */
  readonly hasState: boolean;
}

/**
 * Sends the state, its changes and the events to the clients that follow them. A message is serialised once for all
 * clients. Without clients, only the newest events are kept; no state is read and no timer runs.
 */
@Injectable()
export class PushHub implements OnModuleDestroy {
  /** Numbers of messages are only valid for this process. */
  private readonly serverId = randomBytes(4).toString('hex');
  private readonly connections = new Set<PushConnection>();
  private readonly isShared: (address: string) => boolean;
  private ring: Message[] = [];
  /** Messages that are not sent yet. They are in the ring too. */
  private pending: Message[] = [];
  private lastNumber = 0;
  /** Changes of the state before this message are unknown, because there were no clients. */
  private stateSince = 0;
  private timer: NodeJS.Timeout | null = null;
  private steps = 0;
  private isClosed = false;

  constructor(
    @Inject(CONFIG) config: Pick<AppConfig, 'trustedProxies'>,
    events: EventBus,
    private readonly state: PushState,
    @Inject(BrowserSessions) private readonly sessions: Pick<BrowserSessions, 'isStillAdmitted'>,
  ) {
    const shared = sharedAddresses(config.trustedProxies);
    this.isShared = (address) => shared.includes(address);
    // Never unsubscribed, because hub and bus have the same lifetime.
    events.subscribe((event) => this.take(event));
  }

  get size(): number {
    return this.connections.size;
  }

  /** @throws AppError `rate_limited` if there are too many connections; `shutting_down` */
  mayConnect(address: string): void {
    if (this.isClosed) throw new AppError('shutting_down', 'The process is about to end.');
    if (this.connections.size >= MAX_CONNECTIONS) {
      throw new AppError('rate_limited', `There are already ${MAX_CONNECTIONS} event streams.`);
    }
    const group = addressGroup(address);
    const same = [...this.connections].filter((one) => addressGroup(one.address) === group);
    if (same.length >= MAX_CONNECTIONS_PER_ADDRESS && !this.isShared(address)) {
      throw new AppError(
        'rate_limited',
        `There are already ${MAX_CONNECTIONS_PER_ADDRESS} event streams from this address.`,
      );
    }
  }

  /**
   * Adds a client, and sends it what it does not know yet.
   *
   * @param lastEventId id of the last message that it has; null if it connects for the first time
   */
  connect(connection: PushConnection, lastEventId: string | null): void {
    if (this.timer === null) this.start();
    this.flush();
    this.connections.add(connection);
    const first = this.firstMessages(connection.view, lastEventId);
    connection.open(first, () => this.disconnected(connection));
  }

  /** Ends all connections; there will be no others. */
  close(): void {
    this.isClosed = true;
    for (const connection of this.connections) connection.end();
    this.stop();
  }

  onModuleDestroy(): void {
    this.close();
  }

  private start(): void {
    this.stateSince = this.lastNumber;
    // There is nobody to tell the changes to: the first client gets a snapshot.
    this.state.step(
      () => this.lastNumber,
      () => undefined,
    );
    this.timer = setInterval(() => this.step(), STEP_MS);
    this.timer.unref();
  }

  private stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.pending = [];
    this.state.clear();
  }

  private disconnected(connection: PushConnection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.stop();
  }

  private step(): void {
    this.steps += 1;
    for (const connection of this.connections) {
      if (!this.sessions.isStillAdmitted(connection.key)) this.dismiss(connection);
    }
    this.state.step(
      () => this.lastNumber + 1,
      (topic, name, id, changed) => {
        const verb = changed === null ? 'removed' : 'upsert';
        const data = JSON.stringify({ id, rev: this.lastNumber + 1, ...changed });
        this.add(topic, null, (number) => sseFrame(`${name}.${verb}`, data, this.idOf(number)));
      },
    );
    this.flush();
    if (this.steps % TICK_STEPS === 0) this.tick();
    if (this.steps % PING_STEPS === 0) {
      for (const connection of this.connections) connection.ping(PING);
    }
  }

  private dismiss(connection: PushConnection): void {
    this.connections.delete(connection);
    connection.end();
  }

  private take(event: RecordedEvent): void {
    if (this.timer !== null) this.state.touch(event);
    this.add('events', event.type, (number) =>
      sseFrame('event', JSON.stringify(new EventDto(toLoggedEvent(event))), this.idOf(number)),
    );
  }

  private add(
    topic: PushTopic,
    eventType: DomainEventType | null,
    toFrame: (number: number) => string,
  ): void {
    this.lastNumber += 1;
    const number = this.lastNumber;
    let frame: string | null = null;
    const message = { number, topic, eventType, frame: () => (frame ??= toFrame(number)) };
    this.ring.push(message);
    // In blocks, because removing the first of many is slow.
    if (this.ring.length >= 2 * RING_SIZE) this.ring = this.ring.slice(-RING_SIZE);
    if (this.timer === null) return;
    this.pending.push(message);
    if (this.pending.length >= RING_SIZE) this.flush();
  }

  /** Sends pending messages, which are put together once for all clients of the same view. */
  private flush(): void {
    const messages = this.pending;
    this.pending = [];
    if (messages.length === 0) return;
    const byView = new Map<string, Buffer>();
    for (const connection of this.connections) {
      const { view } = connection;
      const joined = byView.get(view.key) ?? Buffer.from(framesOf(messages, view));
      byView.set(view.key, joined);
      if (joined.length > 0) connection.send(joined);
    }
  }

  private tick(): void {
    const receivers = [...this.connections].filter(({ view }) => view.topics.has('ticks'));
    if (receivers.length === 0) return;
    const data = JSON.stringify({ time: wallClockIso(), streams: this.state.figures() });
    const frame = Buffer.from(sseFrame('tick', data, null));
    for (const connection of receivers) if (!connection.isBehind) connection.send(frame);
  }

  private firstMessages(view: PushView, lastEventId: string | null): string {
    const resumption = this.resumptionOf(lastEventId);
    const after = resumption?.number ?? this.lastNumber;
    const hello = JSON.stringify({
      server_id: this.serverId,
      version: productVersion(),
      time: wallClockIso(),
      cursor: this.idOf(after),
      topics: [...view.topics],
      tick_fields: TICK_FIELDS,
      // The client has missed events: `GET /events` may still have them.
      has_missed_events: lastEventId !== null && resumption === null,
    });
    const missed = this.ring.filter(
      ({ number, topic }) =>
        number > after && (resumption?.hasState === true || topic === 'events'),
    );
    const needsSnapshot = view.hasState && resumption?.hasState !== true;
    return [
      retryField(RETRY_MS),
      sseFrame('hello', hello, this.idOf(after)),
      framesOf(missed, view),
      needsSnapshot ? this.snapshotOf(view) : '',
    ].join('');
  }

  private snapshotOf({ topics }: PushView): string {
    const states = PUSH_TOPICS.filter((topic) => topics.has(topic)).filter(isStateTopic);
    const parts = states.map((topic) => `"${topic}":${this.state.toJson(topic)}`);
    return sseFrame('snapshot', `{${parts.join()}}`, this.idOf(this.lastNumber));
  }

  /** Null if the messages after this one are not known, or not known any more. */
  private resumptionOf(lastEventId: string | null): Resumption | null {
    const [, serverId, digits = ''] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(lastEventId ?? '') ?? [];
    const number = Number(digits);
    const oldest = this.ring[0]?.number ?? this.lastNumber + 1;
    if (serverId !== this.serverId || number > this.lastNumber || number < oldest - 1) return null;
    return { number, hasState: number >= this.stateSince };
  }

  private idOf(number: number): string {
    return `${this.serverId}-${number}`;
  }
}

function framesOf(messages: readonly Message[], view: PushView): string {
  return messages
    .filter(({ topic, eventType }) => view.includes(topic, eventType))
    .map(({ frame }) => frame())
    .join('');
}

function isStateTopic(topic: PushTopic): topic is StateTopic {
  return topic !== 'ticks' && topic !== 'events';
}
