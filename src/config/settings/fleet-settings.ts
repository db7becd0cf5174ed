import { setting } from '../setting';
import { duration, integer, oneOf } from '../value-types';

const MAX_ENGINES = 200;

/** Number of engines, and treatment of failed engines, for drivers that run engines themselves. */
export const fleetSettings = {
  minReplicas: setting({
    variable: 'MIN_REPLICAS',
    aliases: ['ACESTREAM_MIN_REPLICAS'],
    type: integer(0, MAX_ENGINES),
    defaultText: '2',
    description: 'Minimum number of engines.',
  }),
  minFreeReplicas: setting({
    variable: 'MIN_FREE_REPLICAS',
    type: integer(0, MAX_ENGINES),
    defaultText: '1',
    description:
      'Number of free engines to keep ready. An engine is free if none of its streams has viewers.',
  }),
  maxReplicas: setting({
    variable: 'MAX_REPLICAS',
    aliases: ['ACESTREAM_MAX_REPLICAS'],
    type: integer(1, MAX_ENGINES),
    defaultText: '6',
    description:
      'Maximum number of engines. When all of them are full, a new stream gets 503: after 1.5 s, or after up to ENGINE_WAIT_TIMEOUT while a slot may become free.',
  }),
  engineGracePeriodMs: setting({
    variable: 'ENGINE_GRACE_PERIOD',
    aliases: ['ENGINE_GRACE_PERIOD_S', 'ACESTREAM_IDLE_TIMEOUT'],
    type: duration('0s', '24h'),
    defaultText: '60s',
    description: 'An engine that is not needed is removed after this long without a stream.',
  }),
  autoscaleIntervalMs: setting({
    variable: 'AUTOSCALE_INTERVAL',
    aliases: ['AUTOSCALE_INTERVAL_S'],
    type: duration('100ms', '10m'),
    defaultText: '10s',
    description:
      'Time between two decisions on the number of engines. Relevant changes, such as a viewer that waits for an engine, trigger a decision at once.',
  }),
  reconcileIntervalMs: setting({
    variable: 'RECONCILE_INTERVAL',
    type: duration('200ms', '10m'),
    defaultText: '30s',
    description:
      'Time between two listings of all engines. Changes that Docker reports trigger a listing at once.',
  }),
  engineStartTimeoutMs: setting({
    variable: 'ENGINE_START_TIMEOUT',
    aliases: ['STARTUP_TIMEOUT_S'],
    type: duration('500ms', '30m'),
    defaultText: '90s',
    description:
      'An engine that has not answered this long after its start is removed, and the start counts as failed.',
  }),
  engineParallelStarts: setting({
    variable: 'ENGINE_PARALLEL_STARTS',
    aliases: ['MAX_CONCURRENT_PROVISIONS'],
    type: integer(1, 50),
    defaultText: '2',
    description: 'Maximum number of engines that start at the same time.',
  }),
  engineRetryBaseMs: setting({
    variable: 'ENGINE_RETRY_BASE',
    type: duration('10ms', '10m'),
    defaultText: '1s',
    description: 'Wait after a failed start of an engine; each further failure doubles it.',
  }),
  engineRetryMaxMs: setting({
    variable: 'ENGINE_RETRY_MAX',
    type: duration('10ms', '1h'),
    defaultText: '60s',
    description: 'Longest wait after a failed start of an engine.',
  }),
  engineReplacementCooldownMs: setting({
    variable: 'ENGINE_REPLACEMENT_COOLDOWN',
    aliases: ['HEALTH_REPLACEMENT_COOLDOWN_S'],
    type: duration('0s', '1h'),
    defaultText: '60s',
    description:
      'Time between two replacements of running engines. An engine whose process has ended is replaced at once.',
  }),
  engineMaxAgeMs: setting({
    variable: 'ENGINE_MAX_AGE',
    type: duration('0s', '10000h'),
    defaultText: '0s',
    description: 'An engine older than this is replaced as soon as it has no stream; 0: never.',
  }),
  engineMaxStarts: setting({
    variable: 'ENGINE_MAX_STARTS',
    type: integer(0, 1_000_000),
    defaultText: '0',
    description:
      'An engine that has started this many streams is replaced as soon as it has none; 0: never.',
  }),
  circuitBreakerFailureThreshold: setting({
    variable: 'CIRCUIT_BREAKER_FAILURE_THRESHOLD',
    type: integer(1, 1000),
    defaultText: '5',
    description:
      'After this many failed starts of engines in a row, the circuit breaker opens, and no engine is started.',
  }),
  circuitBreakerRecoveryTimeoutMs: setting({
    variable: 'CIRCUIT_BREAKER_RECOVERY_TIMEOUT',
    aliases: ['CIRCUIT_BREAKER_RECOVERY_TIMEOUT_S'],
    type: duration('100ms', '24h'),
    defaultText: '300s',
    description:
      'How long the circuit breaker stays open. Then one start of an engine is tried. If it succeeds, the circuit breaker closes; otherwise it stays open for the same time again.',
  }),
  enginesOnShutdown: setting({
    variable: 'ENGINES_ON_SHUTDOWN',
    type: oneOf('keep', 'remove'),
    defaultText: 'keep',
    description:
      'What happens to engines in containers when the program ends. `keep`: they keep running, and the next start adopts them. `remove`: they are removed.',
  }),
};
