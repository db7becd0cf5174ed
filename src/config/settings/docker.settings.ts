import { commandLine } from '../command-line';
import { portRange, vpnContainers, words } from '../list-types';
import { setting } from '../setting';
import { dockerAddress, duration, integer, oneOf, optionalText, sizeOrNone } from '../value-types';

/** Engines in containers: drivers `docker` and `swarm`. */
export const dockerSettings = {
  engineProfile: setting({
    variable: 'ENGINE_PROFILE',
    type: oneOf('auto', 'acestream-http-proxy', 'aceserve', 'generic'),
    defaultText: 'auto',
    words:
      'How the image is told its ports and options, and which one it is when ENGINE_IMAGE is empty. `acestream-http-proxy`: martinbjeldbak/acestream-http-proxy, for amd64. `aceserve`: jopsis/aceserve, for amd64 and ARM. `auto`: the one that ENGINE_IMAGE names, else the first of these two that is built for the machine on which Docker runs. `generic`: any image; ENGINE_ARGS is its whole command line.',
  }),
  engineImage: setting({
    variable: 'ENGINE_IMAGE',
    type: optionalText(
      /^[a-z0-9]+(?:[._:/@-]+[a-zA-Z0-9]+)*$/,
      "an image reference, such as jopsis/aceserve:x64 or registry.lan:5000/engine@sha256:…; empty: the profile's own",
    ),
    defaultText: '',
    words:
      "The image that engines are made of; the profile's own when empty. Pulled when it is missing.",
  }),
  engineArgs: setting({
    variable: 'ENGINE_ARGS',
    type: commandLine(),
    defaultText: '',
    words:
      'Further options of the engine, as on a command line; quotes keep words together. `{http_port}`, `{https_port}`, `{api_port}` and `{p2p_port}` are replaced by the ports of each engine.',
  }),
  engineMemoryLimitBytes: setting({
    variable: 'ENGINE_MEMORY_LIMIT',
    // Docker makes no container with less.
    type: sizeOrNone('6MiB', '1024GiB'),
    defaultText: '1GiB',
    words: 'Memory of one engine; 0: no limit.',
  }),
  engineReach: setting({
    variable: 'ENGINE_REACH',
    type: oneOf('auto', 'container', 'published'),
    defaultText: 'auto',
    words:
      "How engines are reached. `container`: at the container's own address, no port is published. `published`: at a port of the Docker host out of PORT_RANGE_HOST. `auto`: `container` when Docker runs on this machine and it is Linux, else `published`. In a Swarm `auto` is `container` when this program runs in a container of the engines' network.",
  }),
  dockerHost: setting({
    variable: 'DOCKER_HOST',
    type: dockerAddress(),
    defaultText: '',
    words: 'Where the Docker Engine listens; /var/run/docker.sock when empty.',
  }),
  dockerNetwork: setting({
    variable: 'DOCKER_NETWORK',
    type: optionalText(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, 'the name of a Docker network'),
    defaultText: '',
    words:
      'The network that engines join. When empty: that of the container this program runs in, else the default one.',
  }),
  portRangeHost: setting({
    variable: 'PORT_RANGE_HOST',
    type: portRange(),
    defaultText: '19000-19999',
    words: 'Ports for engines that are published, or that share the network of a VPN.',
  }),
  swarmConstraints: setting({
    variable: 'SWARM_CONSTRAINTS',
    type: words(
      /^[a-zA-Z0-9._-]+ ?(?:==|!=) ?[^,\s]+$/,
      'a comma-separated list of placement constraints, such as node.labels.engines==true, or none',
    ),
    defaultText: '',
    words: 'Which nodes of a Swarm may run engines.',
  }),
};

/** Engines behind VPNs that the operator runs (Gluetun). */
export const vpnSettings = {
  vpnContainers: setting({
    variable: 'VPN_CONTAINERS',
    aliases: ['GLUETUN_CONTAINER_NAME'],
    type: vpnContainers(),
    defaultText: '',
    words:
      'Containers of Gluetun. Engines join their networks and are spread over them; with `=from-to` each has ports of its own, else those of PORT_RANGE_HOST. Needs ENGINE_DRIVER=docker.',
  }),
  vpnControlPort: setting({
    variable: 'VPN_CONTROL_PORT',
    aliases: ['GLUETUN_API_PORT'],
    type: integer(1, 65_535),
    defaultText: '8000',
    words: "Port of Gluetun's control server.",
  }),
  vpnControlApiKey: setting({
    variable: 'VPN_CONTROL_API_KEY',
    type: optionalText(/^[\x21-\x7e]{1,500}$/, 'printable characters without blanks'),
    defaultText: '',
    secret: true,
    words: "Key for Gluetun's control server, when it asks for one.",
  }),
  vpnCheckIntervalMs: setting({
    variable: 'VPN_CHECK_INTERVAL',
    aliases: ['GLUETUN_HEALTH_CHECK_INTERVAL_S'],
    type: duration('100ms', '10m'),
    defaultText: '5s',
    words: 'How often each VPN is asked.',
  }),
  vpnStableAfterMs: setting({
    variable: 'VPN_STABLE_AFTER',
    type: duration('0s', '1h'),
    defaultText: '120s',
    words: 'A VPN that came back is given engines again after so long without a failure.',
  }),
};
