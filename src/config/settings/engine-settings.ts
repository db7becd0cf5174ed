import { engineAddresses } from '../list-types';
import { acexyEngineAlias, kilobytesAlias } from '../predecessor-aliases';
import { setting } from '../setting';
import { duration, durationOrNone, integer, oneOf, rateOrNone } from '../value-types';

/** Only the proportions of the weights matter; beside a weight above a million, small ones have no effect. */
const weight = integer(-1_000_000, 1_000_000);

export const engineSettings = {
  engineDriver: setting({
    variable: 'ENGINE_DRIVER',
    type: oneOf('auto', 'static', 'docker', 'swarm', 'simulator'),
    defaultText: 'auto',
    change: 'after_restart',
    description:
      'Where engines come from. `static`: the engines of ENGINE_ADDRESSES. `docker`: containers that acefleet creates. `swarm`: services of a Docker Swarm. `simulator`: simulated engines that play a test picture for any id. `auto`: `static` when ENGINE_ADDRESSES is set, else `docker` when a Docker Engine answers, else simulated engines that play only the demo channels. With `auto`, if there is a Docker Engine but this user may not use it, acefleet does not start and says what to do.',
  }),
  engineAddresses: setting({
    variable: 'ENGINE_ADDRESSES',
    aliases: [acexyEngineAlias],
    type: engineAddresses(),
    defaultText: '',
    change: 'after_restart',
    description:
      'Addresses of existing engines, for ENGINE_DRIVER=static; for example `192.168.1.20:6878,[fd00::5]:6878:62062`.',
  }),
  maxStreamsPerEngine: setting({
    variable: 'MAX_STREAMS_PER_ENGINE',
    aliases: ['ACEXY_MAX_STREAMS_PER_ENGINE', 'ACESTREAM_STREAMS_PER_INSTANCE'],
    type: integer(1, 10_000),
    defaultText: '3',
    description: 'Maximum number of streams that one engine plays at the same time (its slots).',
  }),
  engineWaitTimeoutMs: setting({
    variable: 'ENGINE_WAIT_TIMEOUT',
    type: duration('50ms', '1h'),
    defaultText: '60s',
    description:
      'Maximum time that a viewer waits for an engine while one may still become available. The time of PROXY_INIT_TIMEOUT begins afterwards. If no engine has ever been reached at its address, the maximum is 10 s.',
  }),
  engineMaxDownloadBps: setting({
    variable: 'ENGINE_MAX_DOWNLOAD_BPS',
    aliases: [kilobytesAlias('ENGINE_MAX_DOWNLOAD_RATE')],
    type: rateOrNone(),
    defaultText: '0',
    description:
      'Bits per second that each engine which acefleet runs may download; 0: no limit. It must leave room for all streams of an engine.',
  }),
  engineMaxUploadBps: setting({
    variable: 'ENGINE_MAX_UPLOAD_BPS',
    aliases: [kilobytesAlias('ENGINE_MAX_UPLOAD_RATE')],
    type: rateOrNone(),
    defaultText: '0',
    description:
      'Bits per second that each engine which acefleet runs may upload to other peers; 0: no limit. An engine that uploads more for a minute, whoever runs it, is reported by the event `engine_upload_exceeded`.',
  }),
  engineLiveBufferMs: setting({
    variable: 'ENGINE_LIVE_BUFFER',
    type: durationOrNone('1s', '10m'),
    defaultText: '0',
    description:
      'How many seconds of live media each engine which acefleet runs collects before it begins to send; 0: the default of the engine. More makes starts slower and playback steadier.',
  }),
  engineProbeIntervalMs: setting({
    variable: 'ENGINE_PROBE_INTERVAL',
    aliases: ['HEALTH_CHECK_INTERVAL_S'],
    type: duration('50ms', '10m'),
    defaultText: '10s',
    description: 'Time between two health probes of an engine.',
  }),
  engineProbeTimeoutMs: setting({
    variable: 'ENGINE_PROBE_TIMEOUT',
    type: duration('50ms', '1m'),
    defaultText: '5s',
    description: 'A probe without a complete answer within this time counts as missed.',
  }),
  engineUnhealthyAfter: setting({
    variable: 'ENGINE_UNHEALTHY_AFTER',
    aliases: ['HEALTH_FAILURE_THRESHOLD', 'ACESTREAM_CONTAINER_FAILURE_THRESHOLD'],
    type: integer(1, 100),
    defaultText: '3',
    description: 'An engine that misses this many probes in a row is unhealthy.',
  }),
};

export const selectionSettings = {
  selectionWeightForwarded: setting({
    variable: 'SELECTION_WEIGHT_FORWARDED',
    type: weight,
    defaultText: '1000',
    description:
      "Score of an engine that has a VPN's forwarded port. Such an engine reaches more peers.",
  }),
  selectionWeightActiveStream: setting({
    variable: 'SELECTION_WEIGHT_ACTIVE_STREAM',
    type: weight,
    defaultText: '-10',
    description: 'Score for each stream that an engine already has.',
  }),
  selectionWeightUnhealthy: setting({
    variable: 'SELECTION_WEIGHT_UNHEALTHY',
    type: weight,
    defaultText: '-1000',
    description:
      'Score of an unhealthy engine. It appears only in explanations, because such an engine is never chosen.',
  }),
  selectionWeightSuspect: setting({
    variable: 'SELECTION_WEIGHT_SUSPECT',
    type: weight,
    defaultText: '-500',
    description: 'Score of an engine that missed a probe or failed on a stream.',
  }),
};
