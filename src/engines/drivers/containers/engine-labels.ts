import type { VpnSlot } from '../engine-runtime.port';
import { type EnginePorts, PORT_NAMES, type PortName } from './engine-ports';

/**
 * In front of every label of ours. Docker asks for reverse domain names, so that labels of different authors never
 * meet, and keeps `com.docker.`, `io.docker.` and `org.dockerproject.` for itself. The product has no domain; its own
 * name below `dev` reads like one, is short in listings, and nobody else writes it.
 */
export const LABEL_PREFIX = 'dev.acefleet.';

/** Everything that an engine's labels say. They are the only truth about it: whoever reads them can adopt it. */
export interface EngineFacts {
  /** Which product on this host or Swarm it belongs to. */
  readonly instance: string;
  readonly key: string;
  readonly specHash: string;
  /** Inside the network that it runs in. */
  readonly ports: EnginePorts;
  /** Port of the host that leads to `ports.http`; null: none was chosen for it. */
  readonly publishedPort: number | null;
  readonly forwardedPort: number | null;
  readonly vpn: Pick<VpnSlot, 'vpn' | 'containerId' | 'containerStartedAt'> | null;
  /** Of the product that made it. */
  readonly version: string;
}

type Labels = Readonly<Record<string, string>>;

const MANAGED = 'true';

export function engineLabels(facts: EngineFacts): Record<string, string> {
  const { ports, vpn } = facts;
  const entries: [string, string | number | null][] = [
    ['managed', MANAGED],
    ['instance', facts.instance],
    ['engine', facts.key],
    ['spec', facts.specHash],
    ...PORT_NAMES.map((name): [string, number | null] => [portLabel(name), ports[name]]),
    ['published-port', facts.publishedPort],
    ['forwarded-port', facts.forwardedPort],
    ['vpn', vpn?.vpn ?? null],
    ['vpn-container', vpn?.containerId ?? null],
    ['vpn-started-at', vpn?.containerStartedAt ?? null],
    ['version', facts.version],
  ];
  return Object.fromEntries(
    entries.flatMap(([name, value]) =>
      value === null ? [] : [[LABEL_PREFIX + name, String(value)]],
    ),
  );
}

/**
 * Facts out of labels; null when they are not those of an engine of ours. Never throws: anybody may have written
 * them. A port that makes no sense makes all of it worthless, because an engine would be sought at a wrong place.
 */
export function readEngineLabels(labels: Labels | null | undefined): EngineFacts | null {
  const text = (name: string): string | null => ownValue(labels, LABEL_PREFIX + name);
  const port = (name: string): number | null | undefined => parsePort(text(name));
  if (text('managed') !== MANAGED) return null;
  const [http, https, api, p2p] = PORT_NAMES.map((name) => port(portLabel(name)));
  const [publishedPort, forwardedPort] = [port('published-port'), port('forwarded-port')];
  const [instance, key, specHash] = [text('instance'), text('engine'), text('spec')];
  if (typeof http !== 'number' || https === undefined || api === undefined) return null;
  if (p2p === undefined || publishedPort === undefined || forwardedPort === undefined) return null;
  if (!instance || key === null || !/^[0-9a-f]{12}$/.test(key) || !specHash) return null;
  return {
    instance,
    key,
    specHash,
    ports: { http, https, api, p2p },
    publishedPort,
    forwardedPort,
    vpn: readVpn(text('vpn'), text('vpn-container'), text('vpn-started-at')),
    version: text('version') ?? '',
  };
}

/** For Docker's filters: what has these labels is an engine of some installation. */
export const ANY_INSTANCE: readonly string[] = [`${LABEL_PREFIX}managed=${MANAGED}`];

/** For Docker's filters: what has all of these labels is ours. */
export function labelFilter(instance: string): string[] {
  return [...ANY_INSTANCE, `${LABEL_PREFIX}instance=${instance}`];
}

function portLabel(name: PortName): string {
  return `${name}-port`;
}

function ownValue(labels: Labels | null | undefined, name: string): string | null {
  if (labels === null || labels === undefined || !Object.hasOwn(labels, name)) return null;
  const value: unknown = labels[name];
  return typeof value === 'string' ? value : null;
}

/** Null: not said. Undefined: said, and no port. */
function parsePort(text: string | null): number | null | undefined {
  if (text === null) return null;
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function readVpn(
  vpn: string | null,
  containerId: string | null,
  containerStartedAt: string | null,
): EngineFacts['vpn'] {
  if (vpn === null || containerId === null || containerStartedAt === null) return null;
  return { vpn, containerId, containerStartedAt };
}
