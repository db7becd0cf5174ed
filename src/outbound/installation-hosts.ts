import type { AppConfig } from '../config';
import type { OwnHost } from './target-rules';

/** The servers that the settings name. A Docker Engine behind a socket cannot be reached by a request. */
export function installationHosts({
  redisUrl,
  dockerHost,
}: Pick<AppConfig, 'redisUrl' | 'dockerHost'>): OwnHost[] {
  const addresses = [
    { what: 'the Redis server', address: redisUrl },
    { what: 'the Docker Engine', address: dockerHost },
  ];
  return addresses.flatMap(({ what, address }) => {
    if (address === null || !URL.canParse(address)) return [];
    const host = new URL(address).hostname.replace(/^\[|\]$/g, '');
    return host === '' ? [] : [{ what, host }];
  });
}
