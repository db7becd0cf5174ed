import { agentPatterns } from '../list-types';
import { setting } from '../setting';
import { duration, flag, integer, oneOf, optionalText, shareOfMemory, size } from '../value-types';

export const startSettings = {
  proxyInitTimeoutMs: setting({
    variable: 'PROXY_INIT_TIMEOUT',
    type: duration('50ms', '1h'),
    defaultText: '60s',
    words: 'A start without media after this long has failed.',
  }),
  proxyConnectionTimeoutMs: setting({
    variable: 'PROXY_CONNECTION_TIMEOUT',
    type: duration('50ms', '10m'),
    defaultText: '10s',
    words: 'How long connecting to an engine may take.',
  }),
  proxyStartsPerEngine: setting({
    variable: 'PROXY_STARTS_PER_ENGINE',
    type: integer(2, 1000),
    defaultText: '4',
    words:
      'For how many streams one engine is asked at once; engines are known to crash at five. A quarter of them, at least one, is kept for streams that are being watched and need another source. Eight times as many starts may have been answered and wait for media.',
  }),
  proxyStartsTotal: setting({
    variable: 'PROXY_STARTS_TOTAL',
    type: integer(2, 10_000),
    defaultText: '24',
    words:
      'For how many streams all engines together are asked at once; a quarter of them is kept, and eight times as many may wait for media, as above. Further ones stand in line for at most ENGINE_WAIT_TIMEOUT, and their start budget begins with their turn.',
  }),
  proxyEarlyHeadersAfterMs: setting({
    variable: 'PROXY_EARLY_HEADERS_AFTER',
    type: duration('50ms', '10m'),
    defaultText: '7s',
    words:
      'When the players of PROXY_EARLY_HEADERS_AGENTS get their headers although no media came yet.',
  }),
  proxyEarlyHeadersAgents: setting({
    variable: 'PROXY_EARLY_HEADERS_AGENTS',
    type: agentPatterns(),
    defaultText: 'ExoPlayer,Media3,TiviMate',
    words:
      'Patterns for the User-Agent of players that give up a silent request early. All others get headers with the first media, or the failure with its status.',
  }),
  negativeCacheTtlMs: setting({
    variable: 'NEGATIVE_CACHE_TTL',
    type: duration('0s', '1h'),
    defaultText: '30s',
    words: 'How long a content that does not exist is answered from memory.',
  }),
  allowUrlSelectors: setting({
    variable: 'ALLOW_URL_SELECTORS',
    type: flag(),
    defaultText: 'false',
    words:
      "Allows `url=` and `magnet=`, which make an engine fetch addresses of the caller's choice.",
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
    words:
      'JSON file with channels of several sources each (docs/channels.md). Read at start; those of the API come on top.',
  }),
};

export const preflightSettings = {
  preflightConcurrency: setting({
    variable: 'PREFLIGHT_CONCURRENCY',
    type: integer(1, 100),
    defaultText: '2',
    words:
      'Most light and most deep checks of contents (`/ace/preflight`) at once; others wait in line.',
  }),
  preflightTimeoutMs: setting({
    variable: 'PREFLIGHT_TIMEOUT',
    type: duration('100ms', '10m'),
    defaultText: '30s',
    words:
      'Longest check, and longest wait in line for one. A content without media by then is not playable.',
  }),
  preflightSampleMs: setting({
    variable: 'PREFLIGHT_SAMPLE',
    type: duration('100ms', '1m'),
    defaultText: '2s',
    words: 'How long a deep check looks at the media after they have begun.',
  }),
  preflightKeepFree: setting({
    variable: 'PREFLIGHT_KEEP_FREE',
    type: integer(0, 10_000),
    defaultText: '1',
    words:
      'A deep check takes a slot only while more than this many are free; these are for viewers.',
  }),
};

export const bufferSettings = {
  proxyBufferSizeBytes: setting({
    variable: 'PROXY_BUFFER_SIZE',
    type: size('256KiB', '4GiB'),
    defaultText: '32MiB',
    words: 'Most bytes of history per stream; whichever of size and age is reached first.',
  }),
  proxyBufferTtlMs: setting({
    variable: 'PROXY_BUFFER_TTL',
    type: duration('1s', '1h'),
    defaultText: '60s',
    words: 'Greatest age of history per stream.',
  }),
  proxyBufferTotalBytes: setting({
    variable: 'PROXY_BUFFER_TOTAL',
    type: shareOfMemory('1MiB'),
    defaultText: '25%',
    words:
      'Memory for the histories of all streams, their playlists and what paused viewers hold. When it is reached, the largest histories shrink first.',
  }),
  proxyJoinBehindMs: setting({
    variable: 'PROXY_JOIN_BEHIND',
    type: duration('0s', '10m'),
    defaultText: '3s',
    words: 'How far behind live a new viewer of a running stream starts.',
  }),
};

export const hlsSettings = {
  hlsSegmentDurationMs: setting({
    variable: 'HLS_SEGMENT_DURATION',
    type: duration('2s', '10s'),
    defaultText: '4s',
    words:
      'HLS segments end at the first random access point after this; twice as much is the target duration that players are told.',
  }),
};

export const outageSettings = {
  proxyGracePeriodMs: setting({
    variable: 'PROXY_GRACE_PERIOD',
    type: duration('0s', '1h'),
    defaultText: '10s',
    words: 'A session outlives its last viewer by this.',
  }),
  proxyStallTimeoutMs: setting({
    variable: 'PROXY_STALL_TIMEOUT',
    type: duration('50ms', '10m'),
    defaultText: '15s',
    words:
      'Silence after which an upstream counts as dead although its engine answers. An engine that does not answer a probe is left after 5 s.',
  }),
  proxySameEngineTimeoutMs: setting({
    variable: 'PROXY_SAME_ENGINE_TIMEOUT',
    type: duration('50ms', '1m'),
    defaultText: '1s',
    words:
      'How long the engine that a running stream has just lost may take to stop the old session, and then to answer for a new one, before another engine is asked.',
  }),
  proxyOutageBudgetMs: setting({
    variable: 'PROXY_OUTAGE_BUDGET',
    type: duration('50ms', '1h'),
    defaultText: '60s',
    words: 'How long a running stream may be without media before its viewers are reset.',
  }),
  proxyFailoverLimit: setting({
    variable: 'PROXY_FAILOVER_LIMIT',
    type: integer(0, 1000),
    defaultText: '5',
    words:
      'How many changes of its source viewers of a running stream may feel within PROXY_FAILOVER_WINDOW: media lost or ' +
      'repeated, more than 2 s without media, or a source without newer media. With the next loss they are reset. Changes ' +
      'that they do not feel have to be 5 s apart on average. Planned moves and changes because an engine died, was ' +
      'removed or drained do not count. 0: no limit.',
  }),
  proxyFailoverWindowMs: setting({
    variable: 'PROXY_FAILOVER_WINDOW',
    type: duration('1s', '1d'),
    defaultText: '5m',
    words: 'The time over which PROXY_FAILOVER_LIMIT counts changes that viewers felt.',
  }),
  proxyKeepaliveAfterMs: setting({
    variable: 'PROXY_KEEPALIVE_AFTER',
    type: duration('50ms', '10m'),
    defaultText: '2s',
    words: 'Null packets bridge an outage from this long after the last media.',
  }),
  proxyKeepaliveIntervalMs: setting({
    variable: 'PROXY_KEEPALIVE_INTERVAL',
    type: duration('50ms', '1m'),
    defaultText: '500ms',
    words: 'Time between two null packets.',
  }),
  proxyRetryBaseMs: setting({
    variable: 'PROXY_RETRY_BASE',
    type: duration('10ms', '10m'),
    defaultText: '1s',
    words:
      'First wait between two attempts; it doubles with each. The very first retry does not wait.',
  }),
  proxyRetryMaxMs: setting({
    variable: 'PROXY_RETRY_MAX',
    type: duration('10ms', '10m'),
    defaultText: '10s',
    words: 'Longest wait between two attempts, at least PROXY_RETRY_BASE.',
  }),
  proxyStableAfterMs: setting({
    variable: 'PROXY_STABLE_AFTER',
    type: duration('50ms', '1h'),
    defaultText: '30s',
    words: 'After this long with media the count of attempts starts anew.',
  }),
};

export const loopSettings = {
  loopDetection: setting({
    variable: 'LOOP_DETECTION',
    type: oneOf('off', 'report', 'failover', 'stop'),
    defaultText: 'report',
    words:
      'What is done about a stream that repeats itself or whose live position is stale: only told (event, metric, session), left for another engine, or ended.',
  }),
  loopDetectionAfterMs: setting({
    variable: 'LOOP_DETECTION_AFTER',
    type: duration('1s', '10m'),
    defaultText: '10s',
    words: 'So much repeated media in a row, same pictures with the same timestamps, is a loop.',
  }),
  loopStaleAfterMs: setting({
    variable: 'LOOP_STALE_AFTER',
    type: duration('4s', '1h'),
    defaultText: '60s',
    words: "An engine's live position that has not grown for this long is stale.",
  }),
  loopStaleBehindMs: setting({
    variable: 'LOOP_STALE_BEHIND',
    type: duration('10s', '2d'),
    defaultText: '1h',
    words:
      "An engine's live position this far behind the wall clock is stale. A clock that is set forward while the program runs is not believed before the next start.",
  }),
};
