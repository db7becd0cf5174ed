import { isIP } from 'node:net';
import { type ValueType } from './setting';
import { HOST_NAME } from './value-types';

/** A longer list is a mistake, and would be kept in memory and searched for ever. */
const MAX_ITEMS = 200;

/** Address of a fixed engine. `apiPort` is the port of the old line protocol, or null if it was not given. */
export interface EngineAddress {
  readonly host: string;
  readonly port: number;
  readonly apiPort: number | null;
}

const ENGINE_ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})(?::(\d{1,5}))?$/i;

/** Each address may be given only once, because an engine that is listed twice would be counted as two engines. */
export function engineAddresses(): ValueType<readonly EngineAddress[]> {
  return {
    allowed:
      'a comma-separated list of host:port or host:port:api_port, each engine once, IPv6 in brackets',
    parse: (text) => {
      const addresses = parseItems(text, parseEngineAddress);
      const distinct = new Set(addresses?.map(({ host, port }) => `${host} ${port}`));
      return distinct.size === addresses?.length ? addresses : undefined;
    },
  };
}

/** Addresses and networks in CIDR notation. */
export function networks(): ValueType<readonly string[]> {
  return {
    allowed:
      'a comma-separated list of IP addresses and networks, such as 10.0.0.0/8 or fd00::/8, or none',
    parse: (text) => parseItems(text, parseNetwork),
  };
}

/** A host or a network, at one port or at all. */
export interface AllowedTarget {
  /** A host name in lower case, or an IP address. */
  readonly host: string;
  /** Length of the prefix of a network; null for one host. */
  readonly bits: number | null;
  readonly port: number | null;
}

/** Hosts, hosts with a port, and networks in CIDR notation. */
export function outboundTargets(): ValueType<readonly AllowedTarget[]> {
  return {
    allowed:
      'a comma-separated list of hosts, host:port and networks, such as nas.lan, 192.168.1.5:8080, [fd00::5]:80 or 172.18.0.0/16, or none',
    parse: (text) => parseItems(text, parseTarget),
  };
}

/** Patterns for User-Agent headers, case-insensitive. */
export function agentPatterns(): ValueType<readonly RegExp[]> {
  return {
    allowed:
      'a comma-separated list of regular expressions (a comma inside one is written \\x2c), or none',
    parse: (text) => parseItems(text, parsePattern),
  };
}

/**
 * Undefined if one item is not allowed. `none` and empty text give the empty list. (The loader treats an empty variable
 * as not set.)
 */
function parseItems<T>(
  text: string,
  parseItem: (item: string) => T | undefined,
): readonly T[] | undefined {
  const items = text.split(',').map((item) => item.trim());
  const present = items.filter((item) => item !== '');
  if (present.length === 1 && present[0]?.toLowerCase() === 'none') return [];
  const values = present.map(parseItem).filter((value) => value !== undefined);
  return values.length === present.length && values.length <= MAX_ITEMS ? values : undefined;
}

function parseEngineAddress(item: string): EngineAddress | undefined {
  const match = ENGINE_ADDRESS.exec(item);
  if (match === null) return undefined;
  const [, ipv6, name, portText, apiPortText] = match;
  const host = (ipv6 ?? name ?? '').toLowerCase();
  const isHost = ipv6 === undefined ? isIP(host) === 4 || HOST_NAME.test(host) : isIP(host) === 6;
  const port = Number(portText);
  const apiPort = apiPortText === undefined ? null : Number(apiPortText);
  const arePorts = isPort(port) && (apiPort === null || isPort(apiPort));
  return isHost && arePorts ? { host, port, apiPort } : undefined;
}

function parseNetwork(item: string): string | undefined {
  return isNetwork(item) ? item : undefined;
}

/** True for an IP address, and for a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1] ?? '';
  const version = isIP(address);
  if (version === 0) return false;
  const bits = match?.[2] === undefined ? 0 : Number(match[2]);
  return bits <= (version === 4 ? 32 : 128);
}

function parseTarget(item: string): AllowedTarget | undefined {
  if (item.includes('/')) {
    const [host = '', bits] = parseNetwork(item)?.split('/') ?? [];
    return bits === undefined ? undefined : { host, bits: Number(bits), port: null };
  }
  if (isIP(item) === 6) return { host: item, bits: null, port: null };
  const [, ipv6, name, portText] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(item) ?? [];
  const host = (ipv6 ?? name ?? '').toLowerCase();
  const isHost = ipv6 === undefined ? isIP(host) === 4 || HOST_NAME.test(host) : isIP(host) === 6;
  const port = portText === undefined ? null : Number(portText);
  return isHost && (port === null || isPort(port)) ? { host, bits: null, port } : undefined;
}

function parsePattern(item: string): RegExp | undefined {
  try {
    return new RegExp(item, 'i');
  } catch {
    return undefined;
  }
}

function isPort(value: number): boolean {
  return value >= 1 && value <= 65_535;
}

/** A range of ports, both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export function portRange(): ValueType<PortRange> {
  return {
    allowed: 'two ports from 1024 to 65535, the lower one first, such as 19000-19999',
    parse: parsePortRange,
  };
}

/** The name of a VPN container, with the ports for engines behind that VPN; null selects PORT_RANGE_HOST. */
export interface VpnContainer {
  readonly name: string;
  readonly ports: PortRange | null;
}

const CONTAINER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

export function vpnContainers(): ValueType<readonly VpnContainer[]> {
  return {
    allowed:
      'a comma-separated list of container names, each once and each with a port range after = if wanted, such as gluetun or gluetun-1=19000-19499,gluetun-2=19500-19999',
    parse: (text) => {
      const containers = parseItems(text, parseVpnContainer);
      const names = new Set(containers?.map(({ name }) => name));
      return names.size === containers?.length ? containers : undefined;
    },
  };
}

/** A list of words without further structure, such as placement constraints. */
export function words(pattern: RegExp, allowed: string): ValueType<readonly string[]> {
  return {
    allowed,
    parse: (text) => parseItems(text, (item) => (pattern.test(item) ? item : undefined)),
  };
}

function parseVpnContainer(item: string): VpnContainer | undefined {
  const [name = '', range, ...rest] = item.split('=');
  if (!CONTAINER_NAME.test(name) || rest.length > 0) return undefined;
  if (range === undefined) return { name, ports: null };
  const ports = parsePortRange(range);
  return ports === undefined ? undefined : { name, ports };
}

function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d{4,5})-(\d{4,5})$/.exec(text);
  if (match === null) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from >= 1024 && to <= 65_535 && from <= to ? { from, to } : undefined;
}
