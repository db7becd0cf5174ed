import { SETTINGS } from './app-config';
import { countEdits, findIntendedName } from './misspelling';

describe('countEdits', () => {
  it.each([
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['abc', 'xabc', 1],
    ['abcd', 'badc', 3],
    ['', 'ab', 2],
  ])('%j to %j takes %d', (from, to, edits) => {
    expect(countEdits(from, to)).toBe(edits);
  });

  it('does not measure texts that are far too long', () => {
    expect(countEdits('a', 'abcdefgh')).toBe(3);
  });
});

describe('findIntendedName', () => {
  const known = ['PROXY_RETRY_BASE', 'PROXY_RETRY_MAX', 'PORT'];
  const ours = Object.values(SETTINGS).flatMap(({ variable, aliases }) => [
    variable,
    ...aliases.flatMap(({ names }) => names),
  ]);

  it('chooses the nearest known name', () => {
    expect(findIntendedName('PROXY_RETRY_MAXX', known)).toBe('PROXY_RETRY_MAX');
    expect(findIntendedName('PROXY_RETY_BASE', known)).toBe('PROXY_RETRY_BASE');
  });

  it.each([
    ['VPN_CONTAINER', 'VPN_CONTAINERS'],
    ['ENGINES_ON_SHUTDWN', 'ENGINES_ON_SHUTDOWN'],
    ['MAX_REPLICA', 'MAX_REPLICAS'],
    ['DOCKER_NETWORKS', 'DOCKER_NETWORK'],
    ['PORT_RANGE_HOSTS', 'PORT_RANGE_HOST'],
    ['CIRCUIT_BREAKER_FAILURE_TRESHOLD', 'CIRCUIT_BREAKER_FAILURE_THRESHOLD'],
  ])('recognises %s as %s', (name, intended) => {
    expect(findIntendedName(name, ours)).toBe(intended);
  });

  it.each([
    ...['DOCKER_CONFIG', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_CONTEXT'],
    ...['VPN_SERVICE_PROVIDER', 'VPN_TYPE', 'VPN_PORT_FORWARDING', 'VPN_INTERFACE'],
  ])('leaves %s to Docker or Gluetun', (name) => {
    expect(findIntendedName(name, ours)).toBeNull();
  });

  it('leaves known, foreign and entirely different names alone', () => {
    expect(findIntendedName('PROXY_RETRY_MAX', known)).toBeNull();
    expect(findIntendedName('PORTS', known)).toBeNull();
    expect(findIntendedName('PROXY_URL', known)).toBeNull();
  });
});
