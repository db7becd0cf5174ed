import { commandLine } from '../command-line';
import { environmentEntries } from '../environment-entries';
import { portRange, vpnContainers, words } from '../list-types';
import {
  engineVariantImageAlias,
  engineVariantProfileAlias,
  gluetunAlias,
} from '../predecessor-aliases';
import { setting } from '../setting';
import {
  dailyTime,
  dockerAddress,
  duration,
  integer,
  oneOf,
  optionalText,
  processors,
  sizeOrNone,
} from '../value-types';

/** Engines in containers: drivers `docker` and `swarm`. */
export const dockerSettings = {
  engineProfile: setting({
    variable: 'ENGINE_PROFILE',
    aliases: [engineVariantProfileAlias],
    type: oneOf('auto', 'acestream-http-proxy', 'aceserve', 'generic'),
    defaultText: 'auto',
    change: 'after_restart',
    description:
      'How ports and options are passed to the image, and which image is used when ENGINE_IMAGE is empty. `acestream-http-proxy`: martinbjeldbak/acestream-http-proxy, for amd64. `aceserve`: jopsis/aceserve, for amd64 and ARM. `auto`: the profile that fits ENGINE_IMAGE; if that is empty, `acestream-http-proxy` when Docker, or every node of the Swarm, runs on amd64, else `aceserve`. `generic`: any image; ENGINE_ARGS is its whole command line.',
  }),
  engineImage: setting({
    variable: 'ENGINE_IMAGE',
    aliases: [engineVariantImageAlias, 'ACESTREAM_IMAGE'],
    type: optionalText(
      /^[a-z0-9]+(?:[._:/@-]+[a-zA-Z0-9]+)*$/,
      "an image reference, such as jopsis/aceserve:x64 or registry.lan:5000/engine@sha256:…; empty: the profile's own",
    ),
    defaultText: '',
    change: 'environment_only',
    description: "Image of the engines. Empty: the profile's image. Pulled when it is missing.",
  }),
  engineImageRefresh: setting({
    variable: 'ENGINE_IMAGE_REFRESH',
    type: dailyTime(),
    defaultText: 'nightly',
    description:
      'When the image of the engines is pulled again, so that a newer image under the same tag is found. Engines with the old image are then replaced one at a time, without an interruption for viewers. `nightly`: between 4 and 5 o’clock, at a minute that each start chooses. Times are local times of acefleet (TZ).',
  }),
  engineArgs: setting({
    variable: 'ENGINE_ARGS',
    type: commandLine(),
    defaultText: '',
    change: 'environment_only',
    description:
      'More options for the engine, written as on a command line; quotes group words. `{http_port}`, `{https_port}`, `{api_port}` and `{p2p_port}` are replaced by the ports of each engine.',
  }),
  engineEnv: setting({
    variable: 'ENGINE_ENV',
    type: environmentEntries(),
    defaultText: '',
    change: 'environment_only',
    // Some of the variables may be passwords, such as those of a proxy.
    isSecret: true,
    description:
      'Environment of the engines: `NAME=value` entries, separated by blanks; quotes group words, as in `TZ=Europe/Berlin "NOTE=two words"`. Variables that set ports, options or the search path are refused, because acefleet sets these itself (ENGINE_ARGS adds options).',
  }),
  engineCpuLimit: setting({
    variable: 'ENGINE_CPU_LIMIT',
    type: processors(),
    defaultText: '0',
    change: 'after_restart',
    description: 'Processors that one engine may use, such as 1.5; 0: no limit.',
  }),
  engineMemoryLimitBytes: setting({
    variable: 'ENGINE_MEMORY_LIMIT',
    // Docker refuses to create a container with less.
    type: sizeOrNone('6MiB', '1024GiB'),
    defaultText: '1GiB',
    change: 'after_restart',
    description: 'Memory limit of one engine; 0: no limit.',
  }),
  engineReach: setting({
    variable: 'ENGINE_REACH',
    type: oneOf('auto', 'container', 'published'),
    defaultText: 'auto',
    change: 'after_restart',
    description:
      "How engines are reached. `container`: at the container's own address; no port is published. `published`: at a port of the Docker host from PORT_RANGE_HOST. `auto`: `container` when Docker runs on this machine and this machine runs Linux, else `published`. In a Swarm, `auto` is `container` when this program runs in a container of the engines' network.",
  }),
  dockerHost: setting({
    variable: 'DOCKER_HOST',
    type: dockerAddress(),
    defaultText: '',
    change: 'environment_only',
    description: 'Address of the Docker Engine. Empty: /var/run/docker.sock.',
  }),
  dockerNetwork: setting({
    variable: 'DOCKER_NETWORK',
    type: optionalText(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, 'the name of a Docker network'),
    defaultText: '',
    change: 'after_restart',
    description:
      "The Docker network that engines join. Empty: the network of this program's container, else the default one.",
  }),
  portRangeHost: setting({
    variable: 'PORT_RANGE_HOST',
    type: portRange(),
    defaultText: '19000-19999',
    change: 'after_restart',
    description:
      'Ports of the Docker host for engines that are reached at a published port (ENGINE_REACH), and ports of engines behind a VPN.',
  }),
  swarmConstraints: setting({
    variable: 'SWARM_CONSTRAINTS',
    type: words(
      /^[a-zA-Z0-9._-]+ ?(?:==|!=) ?[^,\s]+$/,
      'a comma-separated list of placement constraints, such as node.labels.engines==true, or none',
    ),
    defaultText: '',
    change: 'after_restart',
    description: 'Placement constraints of engines in a Swarm.',
  }),
};

/** Engines behind VPNs that the operator runs (Gluetun). */
export const vpnSettings = {
  vpnContainers: setting({
    variable: 'VPN_CONTAINERS',
    aliases: [gluetunAlias],
    type: vpnContainers(),
    defaultText: '',
    change: 'after_restart',
    description:
      'Names of Gluetun containers. Engines are spread over them and join their networks. `NAME=from-to` gives a container its own port range; the others use PORT_RANGE_HOST. ENGINE_DRIVER must be `docker`.',
  }),
  vpnControlPort: setting({
    variable: 'VPN_CONTROL_PORT',
    aliases: ['GLUETUN_API_PORT'],
    type: integer(1, 65_535),
    defaultText: '8000',
    description: "Port of Gluetun's control server.",
  }),
  vpnControlApiKey: setting({
    variable: 'VPN_CONTROL_API_KEY',
    type: optionalText(/^[\x21-\x7e]{1,500}$/, 'printable characters without blanks'),
    defaultText: '',
    isSecret: true,
    description: "Key for Gluetun's control server, if it requires one.",
  }),
  vpnCheckIntervalMs: setting({
    variable: 'VPN_CHECK_INTERVAL',
    aliases: ['GLUETUN_HEALTH_CHECK_INTERVAL_S'],
    type: duration('100ms', '10m'),
    defaultText: '5s',
    description: 'Time between two checks of a VPN.',
  }),
  vpnStableAfterMs: setting({
    variable: 'VPN_STABLE_AFTER',
    type: duration('0s', '1h'),
    defaultText: '120s',
    description:
      'A VPN that has recovered receives engines again after this long without a failure.',
  }),
};
