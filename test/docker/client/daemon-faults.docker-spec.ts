import {
  DockerClient,
  DockerEvents,
  type DockerEvent,
  type DockerEventsTiming,
} from '../../../src/engines/drivers/docker-client';
import { eventually, onScopeEnd } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { PrivateDockerd } from '../support/private-dockerd';
import { simulatorImage } from '../support/simulator-image';
import { SocketProxy } from '../support/socket-proxy';

/** Less than the difference between a call's own deadline and that of a call that waited for a connection. */
const SLACK_MS = 4000;
/** Time limit for immediate effects on a busy machine. */
const WITHIN_MS = 20_000;
/** The longest pause between two attempts to reach Docker is 10 s. */
const RECONNECTS_WITHIN_MS = 30_000;

/** Records what an event stream reports. */
class RecordingListener {
  readonly seen: DockerEvent[] = [];
  gaps = 0;
  readonly events: DockerEvents;

  constructor(client: DockerClient, timing: Partial<DockerEventsTiming> = {}) {
    const listener = {
      onEvent: (event: DockerEvent) => void this.seen.push(event),
      onGap: () => void (this.gaps += 1),
    };
    this.events = new DockerEvents(client, { type: ['container'] }, listener, timing);
    this.events.open();
  }

  heard(action: string, id: string): boolean {
    return this.seen.some((event) => event.action === action && event.id === id);
  }
}

describeWithDocker('a Docker Engine with faults', () => {
  let daemon: PrivateDockerd;
  let client: DockerClient;
  let ear: RecordingListener;
  let image: string;

  beforeAll(async () => {
    daemon = await PrivateDockerd.start({ name: 'df', liveRestore: true });
    onScopeEnd(() => daemon.cleanup());
    image = simulatorImage({ dockerHost: daemon.dockerHost });
  });

  beforeEach(async () => {
    client = new DockerClient(daemon.dockerHost);
    ear = new RecordingListener(client);
    await eventually(() => ear.gaps >= 1, WITHIN_MS, 'the first stream');
  });

  afterEach(() => {
    ear.events.close();
    client.close();
  });

  async function hears(): Promise<void> {
    const id = await client.containers.create(`d-ear-${Date.now()}`, { Image: image });
    await eventually(() => ear.heard('create', id), WITHIN_MS, 'its event');
    await client.containers.remove(id);
    await eventually(() => ear.heard('destroy', id), WITHIN_MS, 'its event');
  }

  it('frozen: every call ends by its deadline over few connections, and calls succeed again afterwards', async () => {
    const id = await client.containers.create('d-frozen', { Image: image });
    daemon.freeze();
    const calls: [string, number, () => Promise<unknown>][] = [
      ['ping', 5000, () => client.ping()],
      ['list', 5000, () => client.containers.list([])],
      ['inspect', 5000, () => client.containers.inspect(id)],
      ['logs', 5000, () => client.containers.logs(id, 10)],
      ['usage', 5000, () => client.containers.usage(id)],
      ['image', 5000, () => client.images.find(image)],
      ['network', 5000, () => client.networks.find('host')],
      ['stop', 6000, () => client.containers.stop(id, 1)],
      ['create', 15_000, () => client.containers.create('d-x', { Image: image })],
      ['start', 15_000, () => client.containers.start(id)],
      ['remove', 15_000, () => client.containers.remove(id)],
      ...Array.from({ length: 30 }, (): [string, number, () => Promise<unknown>] => [
        'list',
        5000,
        () => client.containers.list([]),
      ]),
    ];
    let mostSockets = 0;
    const watch = setInterval(() => (mostSockets = Math.max(mostSockets, client.openSockets)), 20);
    const outcomes = await Promise.all(
      calls.map(async ([what, deadlineMs, call]) => {
        const askedAt = performance.now();
        const error: unknown = await call().catch((failure: unknown) => failure);
        const lateMs = performance.now() - askedAt - deadlineMs;
        return [what, (error as { code?: string }).code, lateMs < SLACK_MS];
      }),
    );
    clearInterval(watch);
    expect(outcomes).toEqual(calls.map(([what]) => [what, 'docker_unavailable', true]));
    expect(mostSockets).toBeLessThanOrEqual(10);
    expect(ear.events.link).toMatchObject({
      state: 'lost',
      reason: expect.stringContaining('no answer'),
    });

    daemon.thaw();
    await eventually(() => ear.events.link.state === 'connected', RECONNECTS_WITHIN_MS, 'the link');
    expect(ear.gaps).toBeGreaterThanOrEqual(2);
    await hears();
    // Docker may have executed the calls nevertheless; nothing may exist twice.
    await client.containers.remove(id);
    const isEmpty = async (): Promise<boolean> => {
      // The creation and the removal were requested while Docker was frozen, and may still be in progress.
      await client.containers.remove('d-x');
      return (await client.containers.list([])).length === 0;
    };
    await eventually(isEmpty, WITHIN_MS, 'nothing to be left');
    await eventually(() => client.openSockets <= 3, WITHIN_MS, 'idle connections to go');
  });

  it.each(['stop', 'kill'] as const)('%s and start: events continue', async (how) => {
    const { gaps } = ear;
    await daemon[how]();
    await eventually(() => ear.events.link.state === 'lost', WITHIN_MS, 'the loss');
    await expect(client.containers.list([])).rejects.toMatchObject({ code: 'docker_unavailable' });
    await daemon.boot();
    await eventually(() => ear.gaps > gaps, RECONNECTS_WITHIN_MS, 'the next stream');
    expect(ear.events.link).toMatchObject({ state: 'connected', reason: null });
    await hears();
  });

  it('with a stuck event stream and working calls: the silent stream is replaced', async () => {
    const proxy = await SocketProxy.open(daemon.socketPath);
    const behind = new DockerClient(proxy.dockerHost);
    const deaf = new RecordingListener(behind, { silenceMs: 3000 });
    try {
      await eventually(() => deaf.gaps >= 1, WITHIN_MS, 'the first stream');
      const { gaps } = deaf;
      expect(proxy.freezeOpen('/events')).toBe(1);
      await eventually(() => deaf.gaps > gaps, WITHIN_MS, 'another stream');
      expect(deaf.events.link.state).toBe('connected');
      const id = await client.containers.create('d-stuck', { Image: image });
      await eventually(() => deaf.heard('create', id), WITHIN_MS, 'an event again');
      await client.containers.remove(id);
    } finally {
      deaf.events.close();
      behind.close();
      await proxy.close();
    }
  });
});
