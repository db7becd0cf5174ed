import { DockerClient } from '../docker-client';
import { answer, FakeDocker } from '../docker-client/fake-docker.spec-support';
import { type RuntimeError, type RuntimeLink } from '../engine-runtime.port';
import { currentLink, DockerConnectivity } from './docker-connectivity';

const CONNECTED: RuntimeLink = { state: 'connected', since: new Date(1), reason: null };
const LOST: RuntimeLink = { state: 'lost', since: new Date(2), reason: 'refused' };
const FAILED: RuntimeLink = { state: 'lost', since: new Date(3), reason: 'no answer' };

describe('currentLink', () => {
  it.each([
    ['a connected stream', CONNECTED, null, CONNECTED],
    ['a failed listing although the stream is open', CONNECTED, FAILED, FAILED],
    ['a lost stream, whose reason is older', LOST, FAILED, LOST],
  ])('follows %s', (_, events, failure, link) => {
    expect(currentLink(events, failure)).toBe(link);
  });
});

describe('DockerConnectivity', () => {
  it('is lost from the first failed listing until one succeeds', async () => {
    const fake = await FakeDocker.open();
    const client = new DockerClient(fake.dockerHost);
    const use = { filters: {}, onEvent: () => undefined, onGap: () => undefined };
    const connectivity = new DockerConnectivity(client, use);
    const list = (): Promise<unknown> =>
      connectivity.list(
        () => client.containers.list([]),
        (error) => error as RuntimeError,
      );
    expect(connectivity.link).toMatchObject({ state: 'connecting', reason: null });
    fake.behaviour = answer(500, { message: 'no answer' });
    await expect(list()).rejects.toThrow('no answer');
    const { since } = connectivity.link;
    fake.behaviour = answer(500, { message: 'still no answer' });
    await expect(list()).rejects.toThrow('still no answer');
    expect(connectivity.link).toEqual({ state: 'lost', since, reason: 'still no answer' });
    fake.behaviour = answer(200, []);
    await list();
    expect(connectivity.link.state).toBe('connecting');
    client.close();
    await fake.close();
  });
});
