import { inspect } from 'node:util';
import { DockerClient } from './docker-client';
import { DockerAgent } from './docker-agent';
import { answer, eventually, FakeDocker } from './fake-docker.spec-support';

describe('DockerAgent', () => {
  it('is a word in the debug log of docker-modem, whatever hangs on it', () => {
    const agent = new DockerAgent();
    expect(inspect({ agent }, { showHidden: true, depth: null })).toBe('{ agent: DockerAgent }');
    agent.destroy();
  });

  it('lets no redirect be followed', async () => {
    const fake = await FakeDocker.open();
    const elsewhere = await FakeDocker.open();
    const client = new DockerClient(fake.dockerHost);
    let followed = 0;
    elsewhere.manner = (_, response) => {
      followed += 1;
      response.end('OK');
    };
    fake.manner = (request, response) => {
      if (request.url === '/_ping') {
        response.writeHead(301, { Location: '/elsewhere' });
        response.end();
        return;
      }
      followed += 1;
      answer(200, {})(request, response);
    };
    await expect(client.ping()).rejects.toMatchObject({ code: 'docker_unavailable' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(followed).toBe(0);
    client.close();
    await eventually(() => fake.openSockets === 0);
    await fake.close();
    await elsewhere.close();
  });
});
