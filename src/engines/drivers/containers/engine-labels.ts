import type { VpnSlot } from '../engine-runtime.port';
import { type EnginePorts, PORT_NAMES, type PortName } from './engine-ports';

/**
 * The prefix of all labels of acefleet. Docker asks for reverse domain names, so that labels of different authors
 * never collide, and reserves `com.docker.`, `io.docker.` and `org.dockerproject.`. The product has no domain; its
 * name below `dev` looks like one, is short in listings, and nobody else uses it.
 */
export const LABEL_PREFIX = 'dev.acefleet.';

/**
 * Everything that an engine's labels contain. Labels are the only record of an engine in a container, and they
 * suffice to adopt it.
 */
export interface EngineFacts {
  /** The installation to which it belongs. */
  readonly instance: string;
  readonly key: string;
  readonly specHash: string;
  /** Ports inside the engine's network. */
  readonly ports: EnginePorts;
  /** Port of the host that leads to `ports.http`; null: none is published. */
  readonly publishedPort: number | null;
  readonly forwardedPort: number | null;
  readonly vpn: Pick<VpnSlot, 'vpn' | 'containerId' | 'containerStartedAt'> | null;
  /** Version of the acefleet that created the engine. */
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
 * Reads the facts from labels; null when they are not those of an engine of acefleet. Never throws: anybody may have
 * written the labels. An invalid port invalidates all of them, because the engine would be sought at a wrong address.
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

/** For Docker's filters: matches engines of every installation. */
export const ANY_INSTANCE: readonly string[] = [`${LABEL_PREFIX}managed=${MANAGED}`];

/** For Docker's filters: matches engines of this installation. */
export function labelFilter(instance: string): string[] {
  return [...ANY_INSTANCE, `${LABEL_PREFIX}instance=${instance}`];
}

/**
 * The name of an engine's container or service. It is for people only; everything about the engine is in its labels.
 */
export function containerName(instance: string, random: string): string {
  const owner = instance.replace(/[^a-zA-Z0-9]/g, '').slice(0, 6);
  return ['acefleet', owner, random.slice(0, 6)].filter((part) => part !== '').join('-');
}

function portLabel(name: PortName): string {
  return `${name}-port`;
}

function ownValue(labels: Labels | null | undefined, name: string): string | null {
  if (labels === null || labels === undefined || !Object.hasOwn(labels, name)) return null;
  const value: unknown = labels[name];
  return typeof value === 'string' ? value : null;
}

/** Null: no label. Undefined: the label is not a port. */
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
