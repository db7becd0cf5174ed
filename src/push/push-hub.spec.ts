import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { PresentedApiKey } from '../access';
import { EventBus } from '../events';
import { MAX_BACKLOG_BYTES, PushConnection } from './push-connection';
import { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS, PushHub, RING_SIZE } from './push-hub';
import type { PushState, ReportChange } from './push-state';
import { PUSH_TOPICS, type PushTopic, PushView } from './push-topic';

interface Message {
  readonly id?: string;
  readonly event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into messages of many shapes
  readonly data: any;
}

/** A response whose client reads, or does not. */
class Response extends EventEmitter {
  text = '';
  writableLength = 0;
  isEnded = false;
  reads = true;
  readonly socket = {
    // As in Node.js, bytes that are not sent yet included.
    bytesWritten: 0,
    setTimeout: () => undefined,
    setNoDelay: () => undefined,
    setKeepAlive: () => undefined,
  };
  shouldKeepAlive = true;

  writeHead(): void {}

  write(chunk: string | Buffer, taken?: () => void): void {
    this.socket.bytesWritten += Buffer.byteLength(chunk);
    if (this.reads) {
      this.text += chunk.toString();
      taken?.();
    } else this.writableLength += Buffer.byteLength(chunk);
  }

  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.emit('close');
  }

  destroy(): void {
    this.end();
  }

  /** Messages so far, without comments. */
  get messages(): Message[] {
    return this.text
      .split('\n\n')
      .filter((part) => part.includes('event: '))
      .map((part) => {
        const fields = Object.fromEntries(
          part.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)),
        ) as { id?: string; event: string; data: string };
        return { ...fields, data: JSON.parse(fields.data) as unknown };
      });
  }

  get names(): string[] {
    return this.messages.map(({ event }) => event);
  }
}

const KEY: PresentedApiKey = {
  id: 'k',
  sessionId: null,
  name: 'k',
  scope: 'read',
  isExpired: false,
};

describe('PushHub', () => {
  let bus: EventBus;
  let hub: PushHub;
  let isAdmitted: boolean;
  /** Changes that the next step finds. */
  let changes: Parameters<ReportChange>[];
  let steps: number;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['performance'] });
    bus = new EventBus();
    isAdmitted = true;
    changes = [];
    steps = 0;
    const state: Pick<PushState, 'step' | 'touch' | 'clear' | 'toJson' | 'figures'> = {
      step: (_nextRev, report) => {
        steps += 1;
        for (const change of changes.splice(0)) report(...change);
      },
      touch: () => undefined,
      clear: () => undefined,
      toJson: (topic) => `["${topic}"]`,
      figures: () => ({ s1: [1] }),
    };
    hub = new PushHub({ trustedProxies: ['10.0.0.0/8'] }, bus, state as PushState, {
      isStillAdmitted: () => isAdmitted,
    });
  });
  afterEach(() => {
    hub.close();
    jest.useRealTimers();
  });

  function connect(
    options: {
      topics?: readonly PushTopic[];
      last?: string;
      address?: string;
      types?: 'engine_removed'[];
    } = {},
    response = new Response(),
  ): Response {
    const { topics = PUSH_TOPICS, last = null, address = '192.0.2.1', types } = options;
    const view = new PushView(new Set(topics), types === undefined ? null : new Set(types));
    hub.mayConnect(address);
    hub.connect(
      new PushConnection(response as unknown as ServerResponse, KEY, address, view),
      last,
    );
    return response;
  }

  function publish(count = 1): void {
    for (let n = 0; n < count; n += 1) {
      bus.publish('engine_removed', { engine_id: 'e1', reason: 'test' });
    }
    bus.onApplicationShutdown();
  }

  const change = (clients: number): Parameters<ReportChange> => [
    'streams',
    'stream',
    's1',
    { clients },
  ];

  it('sends hello and a snapshot, then changes, events and one tick a second', () => {
    const client = connect();
    expect(client.names).toEqual(['hello', 'snapshot']);
    const [hello, snapshot] = client.messages;
    expect(hello!.data).toMatchObject({ has_missed_events: false, cursor: snapshot!.id });
    expect(Object.keys(snapshot!.data as object)).toEqual([
      'streams',
      'clients',
      'engines',
      'vpns',
      'fleet',
      'checks',
    ]);
    changes = [change(2), ['streams', 'stream', 's2', null]];
    publish();
    jest.advanceTimersByTime(250);
    expect(client.messages.slice(2)).toMatchObject([
      { event: 'event', data: { type: 'engine_removed', engine_id: 'e1' } },
      { event: 'stream.upsert', data: { id: 's1', clients: 2 } },
      { event: 'stream.removed', data: { id: 's2' } },
    ]);
    jest.advanceTimersByTime(2000);
    expect(client.messages.slice(5).map(({ event, id }) => [event, id])).toEqual([
      ['tick', undefined],
      ['tick', undefined],
    ]);
  });

  it('sends only the topics and the types of events that a client has asked for', () => {
    const engines = connect({ topics: ['engines'] });
    const events = connect({ topics: ['events'], types: ['engine_removed'] });
    bus.publish('viewer_joined', { stream_id: 's1', client_id: 'c1' });
    publish();
    changes = [change(1)];
    jest.advanceTimersByTime(1000);
    expect(engines.messages.map(({ event, data }) => [event, data])).toEqual([
      ['hello', expect.anything()],
      ['snapshot', { engines: ['engines'] }],
    ]);
    expect(events.names).toEqual(['hello', 'event']);
  });

  it('continues after the last message, without a snapshot, as long as somebody followed', () => {
    const [leaving] = [connect(), connect()];
    changes = [change(1)];
    jest.advanceTimersByTime(250);
    const last = leaving!.messages.at(-1)!.id!;
    leaving!.end();
    changes = [change(2)];
    publish();
    jest.advanceTimersByTime(250);
    const again = connect({ last });
    expect(again.names).toEqual(['hello', 'event', 'stream.upsert']);
    expect(again.messages[2]!.data).toMatchObject({ clients: 2 });
  });

  it('sends missed events and a snapshot if nobody has followed meanwhile', () => {
    const client = connect();
    const last = client.messages.at(-1)!.id!;
    client.end();
    publish(2);
    const again = connect({ last });
    expect(again.names).toEqual(['hello', 'event', 'event', 'snapshot']);
    expect(again.messages[0]!.data).toMatchObject({ has_missed_events: false });
  });

  it.each(['odd', '00000000-1', ''])('says that events are missed after %j', (last) => {
    const client = connect({ last });
    expect(client.names).toEqual(['hello', 'snapshot']);
    expect(client.messages[0]!.data).toMatchObject({ has_missed_events: true });
  });

  it('says that events are missed if too many came meanwhile', () => {
    const client = connect({ topics: ['events'] });
    const last = client.messages[0]!.id!;
    client.end();
    publish(2 * RING_SIZE);
    const again = connect({ last, topics: ['events'] });
    expect(again.names).toEqual(['hello']);
    expect(again.messages[0]!.data).toMatchObject({ has_missed_events: true });
  });

  it('does nothing without clients', () => {
    jest.advanceTimersByTime(5000);
    expect([steps, jest.getTimerCount()]).toEqual([0, 0]);
    const client = connect();
    jest.advanceTimersByTime(1000);
    expect(steps).toBe(5);
    client.end();
    jest.advanceTimersByTime(5000);
    expect([steps, jest.getTimerCount()]).toEqual([5, 0]);
  });

  it('ends a connection at the next step when its key or session is no longer valid', () => {
    const client = connect();
    jest.advanceTimersByTime(1000);
    expect(client.isEnded).toBe(false);
    isAdmitted = false;
    jest.advanceTimersByTime(250);
    expect([client.isEnded, hub.size]).toEqual([true, 0]);
  });

  it('leaves out ticks for a client that is behind, and ends it beyond a backlog', () => {
    const slow = connect();
    slow.reads = false;
    slow.writableLength = 1;
    jest.advanceTimersByTime(1000);
    expect(slow.writableLength).toBe(1);
    while (!slow.isEnded && slow.writableLength < 2 * MAX_BACKLOG_BYTES) {
      publish(100);
      jest.advanceTimersByTime(250);
    }
    expect(slow.isEnded).toBe(true);
    expect(slow.writableLength).toBeLessThan(MAX_BACKLOG_BYTES + 100_000);
  });

  it('does not count the first messages as backlog, until they are sent', () => {
    const response = new Response();
    response.reads = false;
    response.writableLength = 2 * MAX_BACKLOG_BYTES;
    const first = jest.spyOn(Buffer, 'byteLength').mockReturnValueOnce(2 * MAX_BACKLOG_BYTES);
    connect({}, response);
    first.mockRestore();
    publish(10);
    jest.advanceTimersByTime(250);
    expect(response.isEnded).toBe(false);
  });

  it('ends a client that takes nothing for 30 seconds', () => {
    const silent = connect({ topics: ['events'] });
    silent.reads = false;
    publish();
    jest.advanceTimersByTime(44_000);
    expect(silent.isEnded).toBe(false);
    jest.advanceTimersByTime(2000);
    expect(silent.isEnded).toBe(true);
  });

  it('refuses too many connections, of one address and in all', () => {
    for (let n = 0; n < MAX_CONNECTIONS_PER_ADDRESS; n += 1) connect();
    expect(() => connect()).toThrow(expect.objectContaining({ code: 'rate_limited' }));
    // Behind a trusted proxy that does not name the client, everybody has its address.
    const others = Array.from({ length: MAX_CONNECTIONS - MAX_CONNECTIONS_PER_ADDRESS }, () =>
      connect({ address: '10.1.1.1' }),
    );
    expect(() => connect({ address: '192.0.2.2' })).toThrow(
      expect.objectContaining({ code: 'rate_limited' }),
    );
    others[0]!.end();
    connect({ address: '192.0.2.2' });
  });

  it('ends all connections at the shutdown, and accepts none', () => {
    const client = connect();
    hub.close();
    expect([client.isEnded, jest.getTimerCount()]).toEqual([true, 0]);
    expect(() => connect()).toThrow(expect.objectContaining({ code: 'shutting_down' }));
  });
});
