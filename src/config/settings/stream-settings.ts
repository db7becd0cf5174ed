import { agentPatterns } from '../list-types';
import { switchAlias } from '../predecessor-aliases';
import { setting } from '../setting';
import {
  duration,
  durationOrNone,
  flag,
  integer,
  oneOf,
  optionalText,
  shareOfMemory,
  size,
} from '../value-types';

export const startSettings = {
  proxyInitTimeoutMs: setting({
    variable: 'PROXY_INIT_TIMEOUT',
    type: duration('50ms', '1h'),
    defaultText: '60s',
    description: 'A start without media after this long fails.',
  }),
  proxyConnectionTimeoutMs: setting({
    variable: 'PROXY_CONNECTION_TIMEOUT',
    type: duration('50ms', '10m'),
    defaultText: '10s',
    description: 'How long connecting to an engine may take.',
  }),
  proxyStartsPerEngine: setting({
    variable: 'PROXY_STARTS_PER_ENGINE',
    type: integer(2, 1000),
    defaultText: '4',
    description:
      'Maximum number of start requests that one engine has not answered yet; engines are known to crash at five. A quarter of this number, at least one, is reserved for streams that are being watched and need another source.',
  }),
  proxyStartsTotal: setting({
    variable: 'PROXY_STARTS_TOTAL',
    type: integer(2, 10_000),
    defaultText: '24',
    description:
      'Maximum number of start requests that all engines together have not answered yet; a quarter is reserved, as with PROXY_STARTS_PER_ENGINE. Further starts wait for up to ENGINE_WAIT_TIMEOUT; the time of PROXY_INIT_TIMEOUT begins when the engine is asked.',
  }),
  proxyEarlyHeadersAfterMs: setting({
    variable: 'PROXY_EARLY_HEADERS_AFTER',
    type: duration('50ms', '10m'),
    defaultText: '7s',
    description:
      'The players of PROXY_EARLY_HEADERS_AGENTS get response headers after this long, even without media.',
  }),
  proxyEarlyHeadersAgents: setting({
    variable: 'PROXY_EARLY_HEADERS_AGENTS',
    type: agentPatterns(),
    defaultText: 'ExoPlayer,Media3,TiviMate',
    description:
      'Patterns for the User-Agent of players that soon give up on a request without an answer. All other players get headers with the first media, or the failure with its status.',
  }),
  negativeCacheTtlMs: setting({
    variable: 'NEGATIVE_CACHE_TTL',
    type: duration('0s', '1h'),
    defaultText: '30s',
    description:
      'When engines do not know a content or cannot play it, requests for it get the same error for this long without asking an engine again. A start time-out is remembered half as long.',
  }),
  allowUrlSelectors: setting({
    variable: 'ALLOW_URL_SELECTORS',
    type: flag(),
    defaultText: 'false',
    change: 'environment_only',
    description:
      'Allows `url=` and `magnet=`, which make an engine fetch addresses that the client chooses.',
  }),
};

export const channelSettings = {
  channelsFile: setting({
    variable: 'CHANNELS_FILE',
    type: optionalText(
      /^[^\0]+$/,
      'the path of a file, absolute or relative to where the program is started',
    ),
    defaultText: '',
    change: 'environment_only',
    description:
      'JSON file with channels, each with its list of contents ([channels](channels.md)). It is read at the start. Further channels can be created with the API.',
  }),
  tunerDiscovery: setting({
    variable: 'TUNER_DISCOVERY',
    type: flag(),
    defaultText: 'false',
    description:
      'Answers media servers that search the network for HDHomeRun tuners, on UDP port 65001 ([playlists](playlists.md)). Only addresses of private networks get an answer.',
  }),
};

export const preflightSettings = {
  preflightConcurrency: setting({
    variable: 'PREFLIGHT_CONCURRENCY',
    type: integer(1, 100),
    defaultText: '2',
    description:
      'How many light checks, and how many deep checks, may run at once (`/ace/preflight`). Further checks wait.',
  }),
  preflightTimeoutMs: setting({
    variable: 'PREFLIGHT_TIMEOUT',
    type: duration('100ms', '10m'),
    defaultText: '30s',
    description:
      'Maximum time until a check has the first media or another result, and also the maximum time that it waits for other checks. A content that has sent no media in this time is not playable.',
  }),
  preflightSampleMs: setting({
    variable: 'PREFLIGHT_SAMPLE',
    type: duration('100ms', '1m'),
    defaultText: '2s',
    description: 'How long a deep check reads the media, from their beginning.',
  }),
  preflightKeepFree: setting({
    variable: 'PREFLIGHT_KEEP_FREE',
    type: integer(0, 10_000),
    defaultText: '1',
    description:
      'Number of free slots to leave for viewers: a deep check starts only while more slots than this are free.',
  }),
};

export const checkSettings = {
  sourceCheckIntervalMs: setting({
    variable: 'SOURCE_CHECK_INTERVAL',
    type: durationOrNone('1h', '720h'),
    defaultText: '0',
    description:
      'How often each source of the visible channels is [checked](channels.md#checks), spread evenly over this time; 0: only on request.',
  }),
  sourceCheckConcurrency: setting({
    variable: 'SOURCE_CHECK_CONCURRENCY',
    type: integer(1, 100),
    defaultText: '1',
    description:
      'How many sources are checked at once. Checks take only free slots that are not kept for viewers (PREFLIGHT_KEEP_FREE, MIN_FREE_REPLICAS).',
  }),
  sourceCheckTimeoutMs: setting({
    variable: 'SOURCE_CHECK_TIMEOUT',
    type: duration('1s', '10m'),
    defaultText: '45s',
    description: 'A source that has sent no media in this time does not work.',
  }),
};

export const bufferSettings = {
  proxyBufferSizeBytes: setting({
    variable: 'PROXY_BUFFER_SIZE',
    type: size('256KiB', '4GiB'),
    defaultText: '32MiB',
    description:
      'Maximum size of the history per stream. Whichever of this limit and PROXY_BUFFER_TTL is reached first applies.',
  }),
  proxyBufferTtlMs: setting({
    variable: 'PROXY_BUFFER_TTL',
    type: duration('1s', '1h'),
    defaultText: '60s',
    description: 'Maximum age of the history per stream.',
  }),
  proxyBufferTotalBytes: setting({
    variable: 'PROXY_BUFFER_TOTAL',
    type: shareOfMemory('1MiB'),
    defaultText: '25%',
    description:
      'Memory for the histories of all streams, their playlists and the unsent bytes of paused viewers. When it is reached, the largest histories shrink first.',
  }),
  proxyJoinBehindMs: setting({
    variable: 'PROXY_JOIN_BEHIND',
    type: duration('0s', '10m'),
    defaultText: '3s',
    description: 'How far behind live a new viewer of a running stream starts.',
  }),
};

export const hlsSettings = {
  hlsSegmentDurationMs: setting({
    variable: 'HLS_SEGMENT_DURATION',
    type: duration('2s', '10s'),
    defaultText: '4s',
    description:
      'HLS segments end at the first random access point after this time. The target duration in playlists is twice this time, or three times if the first segments are longer than twice.',
  }),
};

export const outageSettings = {
  proxyGracePeriodMs: setting({
    variable: 'PROXY_GRACE_PERIOD',
    type: duration('0s', '1h'),
    defaultText: '10s',
    description: 'How long a stream outlives its last viewer.',
  }),
  proxyStallTimeoutMs: setting({
    variable: 'PROXY_STALL_TIMEOUT',
    aliases: ['ACEXY_EMPTY_TIMEOUT'],
    type: duration('50ms', '10m'),
    defaultText: '15s',
    description:
      'A source that sends no media for this long counts as lost, even if its engine answers probes. If the engine does not answer a probe, the source counts as lost after 5 s.',
  }),
  proxySameEngineTimeoutMs: setting({
    variable: 'PROXY_SAME_ENGINE_TIMEOUT',
    type: duration('50ms', '1m'),
    defaultText: '1s',
    description:
      'When a running stream has lost its source, the same engine may take this long to stop the old engine session, and then this long to open a new one. After that, another engine is asked.',
  }),
  proxyOutageBudgetMs: setting({
    variable: 'PROXY_OUTAGE_BUDGET',
    type: duration('50ms', '1h'),
    defaultText: '60s',
    description: 'How long a running stream may be without media before its viewers are reset.',
  }),
  proxyFailoverLimit: setting({
    variable: 'PROXY_FAILOVER_LIMIT',
    type: integer(0, 1000),
    defaultText: '5',
    description:
      'Maximum number of source changes that viewers of a running stream may feel within PROXY_FAILOVER_WINDOW: media lost or ' +
      'repeated, more than 2 s without media, or a source without newer media. The next loss resets the viewers. Changes ' +
      'that they do not feel must be 5 s apart on average. Planned moves do not count, nor do changes because an engine died, was ' +
      'removed or drained. 0: no limit.',
  }),
  proxyFailoverWindowMs: setting({
    variable: 'PROXY_FAILOVER_WINDOW',
    type: duration('1s', '1d'),
    defaultText: '5m',
    description: 'The period over which PROXY_FAILOVER_LIMIT counts the changes that viewers feel.',
  }),
  proxyKeepaliveAfterMs: setting({
    variable: 'PROXY_KEEPALIVE_AFTER',
    type: duration('50ms', '10m'),
    defaultText: '2s',
    description:
      'After this long without media, null packets keep the connections of viewers alive.',
  }),
  proxyKeepaliveIntervalMs: setting({
    variable: 'PROXY_KEEPALIVE_INTERVAL',
    type: duration('50ms', '1m'),
    defaultText: '500ms',
    description: 'Time between two groups of seven null packets.',
  }),
  proxyRetryBaseMs: setting({
    variable: 'PROXY_RETRY_BASE',
    type: duration('10ms', '10m'),
    defaultText: '1s',
    description:
      'The first retry does not wait. The second waits this long, and each further retry twice as long as the one before, up to PROXY_RETRY_MAX.',
  }),
  proxyRetryMaxMs: setting({
    variable: 'PROXY_RETRY_MAX',
    type: duration('10ms', '10m'),
    defaultText: '10s',
    description: 'Longest wait between two attempts. It must be at least PROXY_RETRY_BASE.',
  }),
  proxyStableAfterMs: setting({
    variable: 'PROXY_STABLE_AFTER',
    type: duration('50ms', '1h'),
    defaultText: '30s',
    description:
      'After a stream has had media for this long, its earlier failed attempts are forgotten.',
  }),
};

export const loopSettings = {
  loopDetection: setting({
    variable: 'LOOP_DETECTION',
    aliases: [switchAlias('STREAM_LOOP_DETECTION_ENABLED', 'stop', 'off')],
    type: oneOf('off', 'report', 'failover', 'stop'),
    defaultText: 'report',
    description:
      'What happens to a stream that repeats itself or whose live position is stale. `report`: an event, a metric and a field of the session report it. `failover`: also, another engine is used. `stop`: the stream ends.',
  }),
  loopDetectionAfterMs: setting({
    variable: 'LOOP_DETECTION_AFTER',
    type: duration('1s', '10m'),
    defaultText: '10s',
    description:
      'A stream that has repeated this much media without interruption (same pictures, same time stamps) is in a loop.',
  }),
  loopStaleAfterMs: setting({
    variable: 'LOOP_STALE_AFTER',
    type: duration('4s', '1h'),
    defaultText: '60s',
    description: "An engine's live position that has not advanced for this long is stale.",
  }),
  loopStaleBehindMs: setting({
    variable: 'LOOP_STALE_BEHIND',
    aliases: ['STREAM_LOOP_DETECTION_THRESHOLD_S'],
    type: duration('10s', '2d'),
    defaultText: '1h',
    description:
      "An engine's live position that is this far behind the wall clock is stale. If the clock is set forward while the program runs, the change is ignored until the next start.",
  }),
};
