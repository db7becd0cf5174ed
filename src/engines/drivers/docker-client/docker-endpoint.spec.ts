import { dockerEndpoint, endpointText, publishedHost } from './docker-endpoint';

describe('DOCKER_HOST', () => {
  it.each([
    [null, '/var/run/docker.sock', '127.0.0.1'],
    ['', '/var/run/docker.sock', '127.0.0.1'],
    ['unix:///run/user/1000/docker.sock', '/run/user/1000/docker.sock', '127.0.0.1'],
    ['tcp://docker.lan:2375', 'docker.lan:2375', 'docker.lan'],
    ['http://192.0.2.7:80', '192.0.2.7:80', '192.0.2.7'],
    ['tcp://[2001:db8::1]:2375', '[2001:db8::1]:2375', '2001:db8::1'],
  ])('%s is %s, its published ports are at %s', (dockerHost, text, host) => {
    const endpoint = dockerEndpoint(dockerHost);
    expect(endpointText(endpoint)).toBe(text);
    expect(publishedHost(endpoint)).toBe(host);
  });
});
