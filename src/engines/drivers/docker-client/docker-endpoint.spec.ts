import {
  accessAdvice,
  dockerEndpoint,
  endpointText,
  publishedHost,
  readSocketFacts,
  type SocketFacts,
} from './docker-endpoint';

describe('DOCKER_HOST', () => {
  it.each([
    [null, '/var/run/docker.sock', '127.0.0.1'],
    ['', '/var/run/docker.sock', '127.0.0.1'],
    ['unix:///run/user/1000/docker.sock', '/run/user/1000/docker.sock', '127.0.0.1'],
    ['tcp://docker.lan:2375', 'docker.lan:2375', 'docker.lan'],
    ['http://192.0.2.7:80', '192.0.2.7:80', '192.0.2.7'],
    ['tcp://[2001:db8::1]:2375', '[2001:db8::1]:2375', '2001:db8::1'],
  ])('%s is %s, with published ports at %s', (dockerHost, text, host) => {
    const endpoint = dockerEndpoint(dockerHost);
    expect(endpointText(endpoint)).toBe(text);
    expect(publishedHost(endpoint)).toBe(host);
  });
});

const PATH = '/var/run/docker.sock';
const docker = { name: 'docker', gid: 998, members: ['bob'] };
const root = { name: 'root', gid: 0, members: [] };

describe('the advice for a socket without permission', () => {
  const facts = (over: Partial<SocketFacts>): SocketFacts => ({
    path: PATH,
    socket: { gid: 998, mode: 0o140660 },
    user: 'alice',
    groups: [root, docker],
    ...over,
  });

  it.each<[string, Partial<SocketFacts>, string]>([
    [
      'the usual socket',
      {},
      'user alice is not in group docker that may use it: sudo usermod -aG docker alice, then log in again',
    ],
    [
      'a folder without permission',
      { socket: null },
      'user alice is not in group docker that may use it: sudo usermod -aG docker alice, then log in again',
    ],
    [
      'a group member that has not logged in again',
      { user: 'bob' },
      'user bob is in group docker, but was not yet when this session began: log in again',
    ],
    [
      'a socket that only root may use',
      { socket: { gid: 0, mode: 0o140600 } },
      `user alice is not in group docker that may use it: sudo chgrp docker ${PATH} && sudo chmod 660 ${PATH} && sudo usermod -aG docker alice, then log in again`,
    ],
    [
      'a group that is unknown in this container',
      { user: null, groups: [root] },
      'this user is not in its group 998: docker run --group-add 998',
    ],
  ])('%s', (_, over, advice) => {
    expect(accessAdvice(facts(over))).toBe(advice);
  });

  it('is read without an error if there is no such socket', () => {
    expect(readSocketFacts('/nonexistent/docker.sock')).toMatchObject({
      socket: null,
      groups: expect.arrayContaining([expect.objectContaining({ name: 'root', gid: 0 })]),
    });
  });
});
