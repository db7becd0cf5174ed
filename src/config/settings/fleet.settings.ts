import { setting } from '../setting';
import { duration, integer, oneOf } from '../value-types';

const MAX_ENGINES = 200;

/** How many engines there are, and what becomes of those that fail; for drivers that run engines themselves. */
export const fleetSettings = {
  minReplicas: setting({
    variable: 'MIN_REPLICAS',
    type: integer(0, MAX_ENGINES),
    defaultText: '2',
    words: 'There are never fewer engines than this.',
  }),
  minFreeReplicas: setting({
    variable: 'MIN_FREE_REPLICAS',
    type: integer(0, MAX_ENGINES),
    defaultText: '1',
    words:
      'So many engines are kept without a stream that anybody watches, ready for the next one.',
  }),
  maxReplicas: setting({
    variable: 'MAX_REPLICAS',
    type: integer(1, MAX_ENGINES),
    defaultText: '6',
    words: 'There are never more engines than this; when all are full, viewers get 503 at once.',
  }),
  engineGracePeriodMs: setting({
    variable: 'ENGINE_GRACE_PERIOD',
    aliases: ['ENGINE_GRACE_PERIOD_S'],
    type: duration('0s', '24h'),
    defaultText: '60s',
    words: 'An engine that nobody needs is let go after so long without a stream.',
  }),
  autoscaleIntervalMs: setting({
    variable: 'AUTOSCALE_INTERVAL',
    aliases: ['AUTOSCALE_INTERVAL_S'],
    type: duration('100ms', '10m'),
    defaultText: '10s',
    words:
      'How often the number of engines is thought over, besides at once when something has happened.',
  }),
  reconcileIntervalMs: setting({
    variable: 'RECONCILE_INTERVAL',
    type: duration('200ms', '10m'),
    defaultText: '30s',
    words: 'How often all engines are looked at, besides when Docker tells of a change.',
  }),
  engineStartTimeoutMs: setting({
    variable: 'ENGINE_START_TIMEOUT',
    aliases: ['STARTUP_TIMEOUT_S'],
    type: duration('500ms', '30m'),
    defaultText: '90s',
    words:
      'An engine that has not answered so long after its start is removed, and the start has failed.',
  }),
  engineParallelStarts: setting({
    variable: 'ENGINE_PARALLEL_STARTS',
    aliases: ['MAX_CONCURRENT_PROVISIONS'],
    type: integer(1, 50),
    defaultText: '2',
    words: 'How many engines may be starting at a time.',
  }),
  engineRetryBaseMs: setting({
    variable: 'ENGINE_RETRY_BASE',
    type: duration('10ms', '10m'),
    defaultText: '1s',
    words: 'Wait after a failed start of an engine; doubled by each further one.',
  }),
  engineRetryMaxMs: setting({
    variable: 'ENGINE_RETRY_MAX',
    type: duration('10ms', '1h'),
    defaultText: '60s',
    words: 'The longest such wait.',
  }),
  engineReplacementCooldownMs: setting({
    variable: 'ENGINE_REPLACEMENT_COOLDOWN',
    aliases: ['HEALTH_REPLACEMENT_COOLDOWN_S'],
    type: duration('0s', '1h'),
    defaultText: '60s',
    words:
      'Between two replacements of engines that still run; one that has ended is replaced at once.',
  }),
  engineMaxAgeMs: setting({
    variable: 'ENGINE_MAX_AGE',
    type: duration('0s', '10000h'),
    defaultText: '0s',
    words: 'An older engine is replaced when it is empty; 0: never.',
  }),
  engineMaxStarts: setting({
    variable: 'ENGINE_MAX_STARTS',
    type: integer(0, 1_000_000),
    defaultText: '0',
    words: 'An engine that has started so many streams is replaced when it is empty; 0: never.',
  }),
  circuitBreakerFailureThreshold: setting({
    variable: 'CIRCUIT_BREAKER_FAILURE_THRESHOLD',
    type: integer(1, 1000),
    defaultText: '5',
    words: 'After so many failed starts in a row no engine is started for a while.',
  }),
  circuitBreakerRecoveryTimeoutMs: setting({
    variable: 'CIRCUIT_BREAKER_RECOVERY_TIMEOUT',
    aliases: ['CIRCUIT_BREAKER_RECOVERY_TIMEOUT_S'],
    type: duration('100ms', '24h'),
    defaultText: '300s',
    words: 'How long that while is; then one start is tried, and its outcome decides.',
  }),
  enginesOnShutdown: setting({
    variable: 'ENGINES_ON_SHUTDOWN',
    type: oneOf('keep', 'remove'),
    defaultText: 'keep',
    words:
      'What becomes of engines in containers when the program ends. `keep`: they run on, and the next start adopts them. `remove`: they are removed.',
  }),
};
