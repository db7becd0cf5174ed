import { THIS_MACHINE } from './machine';
import { type Alias } from './setting';
import { flag } from './value-types';

/**
 * Aliases whose values differ from those of our own variables. The programs are acexy and acestream-orchestrator;
 * comments name the releases where the meaning of a variable changed.
 */

/** A variable that switches something on or off. `''` leaves the setting at its default. */
export function switchAlias(name: string, textIfOn: string, textIfOff: string): Alias {
  const type = flag();
  return {
    names: [name],
    allowed: type.allowed,
    convert: ([text = '']) => {
      const isOn = type.parse(text, THIS_MACHINE);
      return isOn === undefined ? undefined : isOn ? textIfOn : textIfOff;
    },
  };
}

/** A rate in KB/s (1000 bytes), as engines and acestream-orchestrator have it; 0: no limit. */
export function kilobytesAlias(name: string): Alias {
  return {
    names: [name],
    allowed: 'a whole number of KB/s from 13 to 100000000, or 0',
    convert: ([text = '']) => (/^\d{1,9}$/.test(text) ? String(Number(text) * 8000) : undefined),
  };
}

const LISTEN_ADDRESS = /^(?<host>\[[^\]]*\]|[^:[\]]*):(?<port>\d+)$/;

/** An address to listen on, as Go programs write it: `:8080` or `127.0.0.1:8080`. */
export function listenAddressAlias(name: string, part: 'host' | 'port'): Alias {
  return {
    names: [name],
    allowed: 'an address with a port from 0 to 65535, such as :8080 or 127.0.0.1:8080',
    convert: ([text = '']) => LISTEN_ADDRESS.exec(text)?.groups?.[part],
  };
}

/** The one engine that acexy uses. */
export const acexyEngineAlias: Alias = {
  names: ['ACEXY_HOST', 'ACEXY_PORT'],
  allowed: 'an IP address or a host name (IPv6 in brackets), and a port from 1 to 65535',
  // acexy's own defaults.
  convert: ([host, port]) => `${host || 'localhost'}:${port || '6878'}`,
};

/** Up to two Gluetun containers, each with a port range if wanted. */
export const gluetunAlias: Alias = {
  names: [
    ...['GLUETUN_CONTAINER_NAME', 'GLUETUN_PORT_RANGE_1'],
    ...['GLUETUN_CONTAINER_NAME_2', 'GLUETUN_PORT_RANGE_2'],
  ],
  allowed:
    'the names of one or two different containers, and port ranges from 1024 to 65535, such as 19000-19499',
  convert: ([first, firstRange, second, secondRange]) =>
    [withRange(first, firstRange), withRange(second, secondRange)]
      .filter((item) => item !== '')
      .join(','),
};

function withRange(name = '', range = ''): string {
  return name === '' || range === '' ? name : `${name}=${range}`;
}

const ACESTREAM_HTTP_PROXY_VARIANT = /^krinkuto11-amd64$/i;
const ACESERVE_VARIANT = /^(?:jopsis|aceserve)-(?:amd64|arm32|arm64)$/i;

/** Up to 1.7, ENGINE_VARIANT is a word for a kind of image; since 2.0 it is an image. */
export const engineVariantProfileAlias: Alias = {
  names: ['ENGINE_VARIANT'],
  allowed: null,
  convert: ([text = '']) => {
    if (ACESTREAM_HTTP_PROXY_VARIANT.test(text)) return 'acestream-http-proxy';
    return ACESERVE_VARIANT.test(text) ? 'aceserve' : '';
  },
};

export const engineVariantImageAlias: Alias = {
  names: ['ENGINE_VARIANT'],
  allowed:
    'krinkuto11-amd64, jopsis-amd64, AceServe-amd64 (the last two also with arm32 and arm64) or an image reference',
  convert: ([text = '']) =>
    ACESTREAM_HTTP_PROXY_VARIANT.test(text) || ACESERVE_VARIANT.test(text) ? '' : text,
};
