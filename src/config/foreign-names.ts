const NO_COUNTERPART = 'it has no counterpart';

const USES_RUNNING_VPNS =
  'acefleet uses the Gluetun containers of VPN_CONTAINERS, and creates none';
const PLAYS_BOTH = '/ace/getstream is MPEG-TS and /ace/manifest.m3u8 is HLS, at the same time';

/**
 * Variables of acestream-orchestrator (1.5 to 2.1) and acexy that acefleet does not read, with what replaces them: text
 * that can follow "is ignored:". Names that are also common elsewhere are left out: APP_VERSION, STATIC_DIR, and
 * REDIS_PORT, which Kubernetes sets for every service with the name redis.
 */
export const FOREIGN_NAMES: ReadonlyMap<string, string> = new Map([
  // acexy
  ['ACEXY_SCHEME', 'engines are reached over HTTP only'],
  ['ACEXY_M3U8', PLAYS_BOTH],
  [
    'ACEXY_M3U8_STREAM_TIMEOUT',
    'an HLS viewer has left if it requests nothing for three target durations',
  ],
  ['ACEXY_EMPTY_RETRY_COUNT', 'use PROXY_OUTAGE_BUDGET, a time instead of a number of attempts'],
  ['ACEXY_NO_RESPONSE_TIMEOUT', 'use PROXY_INIT_TIMEOUT, which is for the whole start of a stream'],
  [
    'ACEXY_BUFFER_SIZE',
    'media are sent as they arrive; PROXY_BUFFER_SIZE limits the history of a stream',
  ],
  ['COMPOSE_PROFILE', 'use VPN_CONTAINERS'],

  // Where it listens, and where it keeps data
  ['ORCHESTRATOR_LISTEN_ADDR', 'everything is served at one address: HOST and PORT'],
  ['ORCHESTRATOR_URL', 'streams and engines are managed by one program'],
  ...all(['DB_URL', 'ACESTREAM_DB_PATH'], 'data are kept in DATA_DIR'),
  ...all(['REDIS_HOST', 'REDIS_DB'], 'use REDIS_URL'),

  // Engines
  ...all(['ENGINE_ARM32_VERSION', 'ENGINE_ARM64_VERSION'], 'use ENGINE_IMAGE'),
  ['ENGINE_LIVE_CACHE_TYPE', 'use ENGINE_ARGS'],
  ['IDLE_TTL_S', 'use ENGINE_GRACE_PERIOD'],
  ['AUTO_DELETE', 'engines that are not needed are removed after ENGINE_GRACE_PERIOD'],
  ['MONITOR_INTERVAL_S', 'use RECONCILE_INTERVAL'],

  // VPNs
  ['VPN_MODE', 'VPN_CONTAINERS takes one container or several'],
  ...all(
    ['PREFERRED_ENGINES_PER_VPN', 'MAX_ENGINES_PER_VPN'],
    'engines are spread evenly over VPN_CONTAINERS',
  ),
  ...all(
    [
      ...['VPN_ENABLED', 'DYNAMIC_VPN_MANAGEMENT', 'VPN_IMAGE', 'VPN_CREDENTIALS_FILE'],
      ...['VPN_PROVIDER', 'VPN_PROTOCOL', 'VPN_REGIONS', 'VPN_CONTROLLER_INTERVAL_S'],
      ...['VPN_SERVERS_JSON_DIR', 'VPN_SERVERS_AUTO_REFRESH', 'VPN_SERVERS_REFRESH_PERIOD_S'],
      ...['VPN_SERVERS_REFRESH_SOURCE', 'GLUETUN_SERVERS_JSON_PATH', 'PROTON_SERVICE_URL'],
      ...['PROTON_STORAGE_PATH', 'PROTON_USERNAME', 'PROTON_PASSWORD', 'PROTON_TOTP_CODE'],
      ...['PROTON_TOTP_SECRET', 'DISABLE_PROTON_SIDECAR'],
    ],
    USES_RUNNING_VPNS,
  ),

  // Streams
  ...all(['STREAM_MODE', 'PROXY_STREAM_MODE'], PLAYS_BOTH),
  ...all(['CONTROL_MODE', 'PROXY_CONTROL_MODE'], 'engines are controlled over HTTP only'),
  ...all(
    [
      ...['CLIENT_WAIT_TIMEOUT_S', 'PROXY_CLIENT_WAIT_TIMEOUT', 'CHANNEL_INIT_GRACE_PERIOD_S'],
      ...['INITIAL_DATA_WAIT_TIMEOUT_S', 'PROXY_INITIAL_DATA_WAIT_TIMEOUT'],
    ],
    'use PROXY_INIT_TIMEOUT',
  ),
  ['UPSTREAM_CONNECT_TIMEOUT_S', 'use PROXY_CONNECTION_TIMEOUT'],
  ...all(
    [
      ...['UPSTREAM_READ_TIMEOUT_S', 'STREAM_TIMEOUT_S', 'PROXY_STREAM_TIMEOUT'],
      ...['CHUNK_TIMEOUT_S', 'PROXY_CHUNK_TIMEOUT', 'NO_DATA_TIMEOUT_CHECKS'],
      ...['NO_DATA_CHECK_INTERVAL_S', 'PROXY_NO_DATA_TIMEOUT_CHECKS'],
      ...['PROXY_NO_DATA_CHECK_INTERVAL'],
    ],
    'use PROXY_STALL_TIMEOUT',
  ),
  ['CHANNEL_SHUTDOWN_DELAY_S', 'use PROXY_GRACE_PERIOD'],
  ['KEEPALIVE_INTERVAL_MS', 'use PROXY_KEEPALIVE_INTERVAL'],
  ...all(['INITIAL_BEHIND_CHUNKS', 'PROXY_INITIAL_BEHIND_CHUNKS'], 'use PROXY_JOIN_BEHIND'),
  ...all(
    ['MAX_RETRIES', 'PROXY_MAX_RETRIES'],
    'use PROXY_OUTAGE_BUDGET, a time instead of a number of attempts',
  ),
  ...all(['RETRY_WAIT_INTERVAL_MS', 'PROXY_RETRY_WAIT_INTERVAL'], 'use PROXY_RETRY_BASE'),
  ['REDIS_CHUNK_TTL_S', 'use PROXY_BUFFER_TTL'],
  ['MAX_MEMORY_MB', 'use PROXY_BUFFER_TOTAL'],
  ['API_HLS_SEGMENT_TIME_S', 'use HLS_SEGMENT_DURATION'],
  ...all(
    ['HLS_CLIENT_IDLE_TIMEOUT_S', 'API_HLS_CLIENT_TTL'],
    'an HLS viewer has left if it requests nothing for three target durations',
  ),

  ...all(
    [
      ...['ACESTREAM_STREAM_FAILURE_THRESHOLD', 'CONTAINER_LABEL', 'MIN_PROVISION_INTERVAL_S'],
      ...['HEALTH_UNHEALTHY_GRACE_PERIOD_S', 'CIRCUIT_BREAKER_REPLACEMENT_THRESHOLD'],
      ...['CIRCUIT_BREAKER_REPLACEMENT_TIMEOUT_S', 'ACE_HTTP_RANGE', 'ACE_HTTPS_RANGE'],
      ...['ACE_MAP_HTTPS', 'GLUETUN_PORT_CACHE_TTL_S', 'VPN_RESTART_ENGINES_ON_RECONNECT'],
      ...['VPN_UNHEALTHY_RESTART_TIMEOUT_S', 'VPN_UNHEALTHY_GRACE_PERIOD_S'],
      ...['VPN_NOTREADY_HEAL_GRACE_S', 'VPN_DRAINING_HARD_TIMEOUT_S'],
      ...['VPN_DRAINING_CHECK_INTERVAL_S', 'REPUTATION_ENABLED', 'REPUTATION_W_SUCCESS'],
      ...['REPUTATION_W_TTFB', 'REPUTATION_W_DURATION', 'REPUTATION_LOW_CONF_PROBES'],
      ...['REPUTATION_REFRESH_SECONDS', 'REPUTATION_MAX_STALE_SECONDS'],
      ...['REPUTATION_AUTO_QUARANTINE_N', 'REPUTATION_AUTO_QUARANTINE_FOR'],
      ...['REPUTATION_EXPLORATION_C', 'REPUTATION_PICK_TOP_N', 'PROXY_PREBUFFER_SECONDS'],
      ...['ACE_LIVE_EDGE_DELAY', 'BUFFER_CHUNK_SIZE', 'PROXY_CHUNK_SIZE'],
      ...['PROXY_BUFFER_CHUNK_SIZE', 'PACING_BURST_SECONDS', 'PACING_BITRATE_MULTIPLIER'],
      ...['PROXY_MAX_CATCHUP_MULTIPLIER', 'PROXY_CLIENT_TTL', 'CLIENT_RECORD_TTL_S'],
      ...['CLIENT_HEARTBEAT_INTERVAL_S', 'PROXY_HEARTBEAT_INTERVAL'],
      ...['PROXY_GHOST_CLIENT_MULTIPLIER', 'CLEANUP_INTERVAL_S', 'CLEANUP_CHECK_INTERVAL_S'],
      ...['PROXY_CLEANUP_INTERVAL', 'PROXY_CLEANUP_CHECK_INTERVAL'],
      ...['PROXY_HEALTH_CHECK_INTERVAL', 'INITIAL_DATA_CHECK_INTERVAL_MS'],
      ...['PROXY_INITIAL_DATA_CHECK_INTERVAL', 'PROXY_LEGACY_API_PREFLIGHT_TIER'],
      ...['LEGACY_STATS_PROBE_WORKERS', 'STREAM_LOOP_CHECK_INTERVAL_S'],
      ...['STREAM_LOOP_RETENTION_MINUTES', 'STREAM_RETENTION_S', 'HLS_MAX_SEGMENTS'],
      ...['HLS_INITIAL_SEGMENTS', 'HLS_WINDOW_SIZE', 'HLS_BUFFER_READY_TIMEOUT'],
      ...['HLS_BUFFER_READY_TIMEOUT_S', 'HLS_FIRST_SEGMENT_TIMEOUT'],
      ...['HLS_FIRST_SEGMENT_TIMEOUT_S', 'HLS_INITIAL_BUFFER_SECONDS'],
      ...['HLS_MAX_INITIAL_SEGMENTS', 'HLS_SEGMENT_FETCH_INTERVAL', 'API_HLS_LIST_SIZE'],
      ...['API_HLS_SPLIT_BY_TIME', 'COLLECT_INTERVAL_S', 'STATS_HISTORY_MAX'],
      ...['COUNTS_PUBLISH_INTERVAL_S', 'SSE_UPDATE_INTERVAL_S', 'DASHBOARD_DEFAULT_WINDOW_S'],
      ...['M3U_TIMEOUT', 'DASHBOARD_PERSIST_INTERVAL_S', 'DASHBOARD_METRICS_RETENTION_HOURS'],
    ],
    NO_COUNTERPART,
  ),
]);

function all(names: readonly string[], replacement: string): [string, string][] {
  return names.map((name) => [name, replacement]);
}

/** What replaces a variable of acexy or acestream-orchestrator; null if the name is not one of theirs. */
export function describeForeignName(name: string): string | null {
  const replacement = FOREIGN_NAMES.get(name);
  if (replacement !== undefined) return replacement;
  return name.startsWith('ACEXY_') ? NO_COUNTERPART : null;
}
