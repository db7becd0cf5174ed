import { Logger } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { RuntimeLink } from '../engine-runtime.port';
import { DockerClient } from './docker-client';
import {
  type DockerEvent,
  DockerEvents,
  type DockerEventsTiming,
  readEvent,
} from './docker-events';
import { eventually, FakeDocker, refuse } from './fake-docker.spec-support';

const QUICK: Partial<DockerEventsTiming> = { backoffMinMs: 20, backoffMaxMs: 80, livenessMs: 30 };
/** Deadline of an answer: long compared with the delays of a busy machine, and short enough to wait for. */
const ANSWER_MS = 2000;

/** The event `start` of a container. */
function startOf(id: string): object {
  const Actor = { ID: id, Attributes: { name: 'n', 'dev.x': 'y' } };
  return {
    Type: 'container',
    Action: 'start',
    Actor,
    time: 1_700_000_000,
    timeNano: 1_700_000_000_123_456_789,
  };
}

describe('DockerEvents', () => {
  let fake: FakeDocker;
  let client: DockerClient;
  let events: DockerEvents;
  /** Open event streams, the newest last. */
  let streams: ServerResponse[];
  let isPingAnswered: boolean;
  let seen: DockerEvent[];
  let gaps: number;
  let links: string[];

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    jest.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
    streams = [];
    isPingAnswered = true;
    seen = [];
    gaps = 0;
    links = [];
    fake = await FakeDocker.open();
    fake.behaviour = (request, response) => {
      if (request.url === '/_ping') {
        if (isPingAnswered) response.end('OK');
        return;
      }
      response.writeHead(200);
      response.flushHeaders();
      streams.push(response);
    };
    client = new DockerClient(fake.dockerHost, { readMs: ANSWER_MS });
  });

  afterEach(async () => {
    events.close();
    client.close();
    await eventually(() => fake.openSockets === 0);
    await fake.close();
    jest.restoreAllMocks();
  });

  function open(timing: Partial<DockerEventsTiming> = {}): void {
    const listener = {
      onEvent: (event: DockerEvent) => void seen.push(event),
      onGap: () => void (gaps += 1),
      onLink: (link: RuntimeLink) => void links.push(link.state),
    };
    const filters = { type: ['container'], label: ['dev.x=y'] };
    events = new DockerEvents(client, filters, listener, { ...QUICK, ...timing });
    events.open();
  }

  const tell = (text: string): void => void streams.at(-1)?.write(text);

  it('subscribes with the filters and reports events for any division of their bytes', async () => {
    open();
    expect(events.link).toMatchObject({ state: 'connecting', reason: null });
    await eventually(() => gaps >= 1);
    expect(JSON.parse(fake.received[0]?.query.get('filters') ?? '')).toEqual({
      type: ['container'],
      label: ['dev.x=y'],
    });
    const text = `${JSON.stringify(startOf('é1'))}\n${JSON.stringify(startOf('2'))}\n`;
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 7) streams[0]?.write(bytes.subarray(at, at + 7));
    await eventually(() => seen.length === 2);
    expect(seen[0]).toEqual({
      type: 'container',
      action: 'start',
      id: 'é1',
      attributes: { name: 'n', 'dev.x': 'y' },
      timeMs: 1_700_000_000_123,
    });
    expect(events.link).toMatchObject({ state: 'connected', reason: null });
  });

  it('reconnects when Docker answers again and reports that events may have been missed', async () => {
    open();
    await eventually(() => gaps >= 1);
    const { since } = events.link;
    await fake.goAway();
    await eventually(() => events.link.state === 'lost');
    await eventually(() => events.link.reason?.includes('ENOENT') === true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(events.link.since.getTime()).toBeGreaterThanOrEqual(since.getTime());
    await fake.listen();
    await eventually(() => gaps >= 2);
    tell(`${JSON.stringify(startOf('1'))}\n`);
    await eventually(() => seen.length === 1);
    expect(links.filter((state, index) => state !== links[index - 1])).toEqual([
      'connected',
      'lost',
      'connected',
    ]);
  });

  it('doubles the pause while Docker does not answer', async () => {
    let attempts = 0;
    fake.behaviour = (request, response) => {
      attempts += 1;
      refuse(500, 'not now')(request, response);
    };
    const openedMs = performance.now();
    open({ backoffMinMs: 20, backoffMaxMs: 1000 });
    await eventually(() => attempts >= 6);
    // At 0, 20, 60, 140, 300 and 620 ms, or up to a quarter earlier; later on a busy machine.
    expect(performance.now() - openedMs).toBeGreaterThan(450);
    expect(events.link).toMatchObject({ state: 'lost', reason: 'not now' });
  });

  it('detects a hanging Docker although the stream is open', async () => {
    open();
    await eventually(() => gaps >= 1);
    isPingAnswered = false;
    await eventually(() => events.link.state === 'lost');
    expect(events.link.reason).toContain('no answer to GET /_ping');
    isPingAnswered = true;
    await eventually(() => events.link.state === 'connected' && gaps >= 2);
  });

  it('replaces a silent stream without reporting an outage', async () => {
    open({ silenceMs: 150 });
    await eventually(() => gaps >= 3);
    expect(links).toEqual(['connected']);
    // The silent streams were closed.
    await eventually(() => streams.slice(0, -1).every((stream) => stream.destroyed));
  });

  it('keeps a stream that is not silent', async () => {
    open({ silenceMs: 2000 });
    await eventually(() => gaps >= 1);
    for (let turn = 0; turn < 25; turn += 1) {
      tell(`${JSON.stringify(startOf(String(turn)))}\n`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(gaps).toBe(1);
    await eventually(() => seen.length === 25);
  });

  it.each([
    ['text that is not JSON', '<html>\n'],
    ['a line without end', 'x'.repeat(1_100_000)],
  ])('replaces a stream of %s', async (_, text) => {
    open();
    await eventually(() => gaps >= 1);
    tell(text);
    await eventually(() => gaps >= 2);
    expect(links).toEqual(['connected', 'lost', 'connected']);
  });

  it('leaves no timer behind', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    open({ livenessMs: 60_000 });
    await eventually(() => gaps >= 1);
    const openTimers = timers();
    events.close();
    await eventually(() => client.openSockets === 0);
    // Timers of other code may start and end meanwhile.
    await eventually(() => timers() <= before && timers() < openTimers);
  });

  it('survives a listener that throws', async () => {
    const listener = {
      onEvent: () => {
        throw new Error('from the listener');
      },
      onGap: () => void (gaps += 1),
    };
    events = new DockerEvents(client, {}, listener, QUICK);
    events.open();
    await eventually(() => gaps >= 1);
    tell(`${JSON.stringify(startOf('1'))}\n`);
    await eventually(() => gaps >= 2);
  });

  it.each([
    ['while it is connected', (): boolean => gaps >= 1],
    ['while it waits', (): boolean => events.link.state === 'lost'],
    ['before it is connected', (): boolean => true],
  ])('reports nothing after its end %s', async (when, isThen) => {
    if (when.includes('waits')) await fake.goAway();
    open({ backoffMinMs: 300, backoffMaxMs: 300 });
    await eventually(isThen);
    events.close();
    const before = [gaps, links.length];
    if (when.includes('waits')) await fake.listen();
    tell(`${JSON.stringify(startOf('1'))}\n`);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([gaps, links.length]).toEqual(before);
    expect(seen).toEqual([]);
    expect(client.openSockets).toBe(0);
    expect(fake.openSockets).toBe(0);
  });
});

describe('readEvent', () => {
  it.each([
    ['null', null],
    ['no type', { Action: 'start', Actor: { ID: 'a' } }],
    [
      'nobody',
      { Type: 'container', Action: 'prune', Actor: { ID: '', Attributes: { reclaimed: '0' } } },
    ],
    ['a number as the name', { Type: 'container', Action: 'start', Actor: { ID: 7 } }],
  ])('ignores a message with %s', (_, message) => {
    expect(readEvent(message)).toBeNull();
  });

  it('uses seconds if there are no nanoseconds', () => {
    const event = readEvent({
      Type: 'a',
      Action: 'b',
      Actor: { ID: 'c', Attributes: { d: 1, e: 'f' } },
      time: 12,
    });
    expect(event).toEqual({
      type: 'a',
      action: 'b',
      id: 'c',
      attributes: { e: 'f' },
      timeMs: 12_000,
    });
  });
});
