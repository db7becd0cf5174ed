import { isIP } from 'node:net';

/**
 * What Gluetun says of its VPN (its loop statuses, internal/constants/status.go of v3.41; `completed` is
 * for one-shot work and never said of a VPN).
 */
export type GluetunStatus = 'starting' | 'running' | 'stopping' | 'stopped' | 'crashed';

/** Under which address the VPN is seen from outside, and where that is. */
export interface PublicAddress {
  readonly ip: string;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
}

/** One answer, or why there is none. */
export type Told<T> =
  | { readonly value: T; readonly reason: null }
  /** `isFault`: something is to be mended, as opposed to: there is nothing to tell now. */
  | { readonly value: null; readonly reason: string; readonly isFault: boolean };

/** Everything that a control server was asked in one go. */
export interface GluetunReport {
  readonly status: Told<GluetunStatus>;
  readonly publicAddress: Told<PublicAddress>;
  readonly forwardedPort: Told<number>;
}

export const told = <T>(value: T): Told<T> => ({ value, reason: null });
export const nothing = (reason: string): Told<never> => ({ value: null, reason, isFault: false });
export const fault = (reason: string): Told<never> => ({ value: null, reason, isFault: true });

/** The first thing to be mended; null when everything was told. */
export function faultOf(report: GluetunReport): string | null {
  const answers = [report.status, report.forwardedPort, report.publicAddress];
  for (const answer of answers) if (answer.value === null && answer.isFault) return answer.reason;
  return null;
}

const STATUSES: readonly string[] = ['starting', 'running', 'stopping', 'stopped', 'crashed'];

/** `{"status":"running"}` */
export function readStatus(body: string): Told<GluetunStatus> {
  const status = objectOf(body)?.['status'];
  return typeof status === 'string' && STATUSES.includes(status)
    ? told(status as GluetunStatus)
    : fault('its control server reported an unknown status');
}

/**
 * The older route speaks of OpenVPN alone: since v3.39 it says `stopped` while WireGuard runs
 * (internal/server/openvpn.go), so from there that says nothing.
 */
export function readOpenvpnStatus(body: string): Told<GluetunStatus> {
  const answer = readStatus(body);
  return answer.value === 'stopped' ? nothing('OpenVPN is stopped; WireGuard may run') : answer;
}

/**
 * `{"port":5914}`; v3.41 tells several as `{"ports":[5914,6021]}`, later versions both. 0 while none is forwarded: port
 * forwarding is off, or not ready yet, which takes some seconds after each internal restart of the VPN.
 */
export function readPort(body: string): Told<number> {
  const answer = objectOf(body);
  const ports: unknown = answer?.['ports'];
  const port: unknown = answer?.['port'] ?? (Array.isArray(ports) ? ports[0] : undefined);
  if (answer === null) return fault('its control server gave an invalid answer about the port');
  if (port === 0 || port === undefined || port === null) return nothing('no port is forwarded');
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port <= 65_535
    ? told(port)
    : fault('its control server reported an invalid forwarded port');
}

/** `{"public_ip":"…","region":"…","country":"…","city":"…",…}`; the address is empty until it is known. */
export function readPublicAddress(body: string): Told<PublicAddress> {
  const answer = objectOf(body);
  if (answer === null)
    return fault('its control server gave an invalid answer about the public address');
  const ip = answer['public_ip'];
  if (typeof ip !== 'string' || isIP(ip) === 0) return nothing('no public address is known');
  return told({
    ip,
    country: placeName(answer['country']),
    region: placeName(answer['region']),
    city: placeName(answer['city']),
  });
}

const MAX_PLACE_NAME = 100;

function placeName(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  // What a geography service said goes to logs and panels: no control characters.
  const name = value.replace(/\p{C}/gu, '').trim().slice(0, MAX_PLACE_NAME);
  return name === '' ? null : name;
}

function objectOf(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
