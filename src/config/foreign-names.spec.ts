import { SETTINGS } from './app-config';
import { resolveConfig } from './config-loader';
import { FOREIGN_NAMES } from './foreign-names';
import { type Machine } from './machine';
import { type Setting } from './setting';

const machine: Machine = { totalMemoryBytes: () => 8 * 1024 ** 3, readText: () => null };
const settings = Object.values<Setting<unknown>>(SETTINGS);

function warningsFor(variables: Readonly<Record<string, string>>): readonly string[] {
  return resolveConfig([{ place: '', variables }], machine).warnings;
}

describe('names of other programs without an alias', () => {
  it.each([
    ['UPSTREAM_READ_TIMEOUT_S', 'use PROXY_STALL_TIMEOUT'],
    ['CHANNEL_SHUTDOWN_DELAY_S', 'use PROXY_GRACE_PERIOD'],
    ['REDIS_HOST', 'use REDIS_URL'],
    ['ENGINE_LIVE_CACHE_TYPE', 'use ENGINE_ARGS'],
    ['VPN_PROVIDER', 'acefleet uses the Gluetun containers of VPN_CONTAINERS, and creates none'],
    ['REPUTATION_ENABLED', 'it has no counterpart'],
    ['PROXY_PREBUFFER_SECONDS', 'it has no counterpart'],
    ['ACEXY_SCHEME', 'engines are reached over HTTP only'],
    ['ACEXY_OF_A_LATER_RELEASE', 'it has no counterpart'],
  ])('%s is told once', (name, replacement) => {
    expect(warningsFor({ [name]: '1' })).toEqual([`${name} is ignored: ${replacement}`]);
  });

  it('are told with the file that contains them', () => {
    const sources = [{ place: ' in .env', variables: { STREAM_MODE: 'HLS' } }];
    expect(resolveConfig(sources, machine).warnings).toEqual([
      'STREAM_MODE in .env is ignored: /ace/getstream is MPEG-TS and /ace/manifest.m3u8 is HLS, at the same time',
    ]);
  });

  it('are not told if they are empty', () => {
    expect(warningsFor({ ACEXY_SCHEME: '', DB_URL: ' ', ACEXY_UNKNOWN: '' })).toEqual([]);
  });

  it.each([
    ...['DOCKER_CONFIG', 'DOCKER_BUILDKIT', 'NODE_ENV', 'NODE_OPTIONS', 'npm_config_cache'],
    ...['COMPOSE_PROJECT_NAME', 'REDIS_PORT', 'REDIS_SERVICE_HOST', 'VPN_SERVICE_PROVIDER'],
    ...['HLS_JS', 'PATH', 'TZ', 'APP_VERSION', 'STATIC_DIR', 'HEALTH', 'ACESTREAM_HOME'],
  ])('do not include %s of unrelated programs', (name) => {
    expect(warningsFor({ [name]: 'x' })).toEqual([]);
  });

  it('are neither settings nor aliases', () => {
    const known = settings.flatMap((s) => [s.variable, ...s.aliases.flatMap((a) => a.names)]);
    expect(known.filter((name) => FOREIGN_NAMES.has(name))).toEqual([]);
  });

  it('refer only to settings that exist', () => {
    const known = settings.map(({ variable }) => variable);
    const mentioned = [...FOREIGN_NAMES.values()].flatMap(
      (text) => text.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [],
    );
    expect(mentioned.length).toBeGreaterThan(20);
    expect(mentioned.filter((name) => !known.includes(name))).toEqual([]);
  });
});
