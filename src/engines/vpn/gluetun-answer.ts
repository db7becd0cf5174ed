import { isIP } from 'node:net';

/**
 * Status of the VPN, reported by Gluetun (internal/constants/status.go of v3.41; `completed` is for one-shot work and never
 * reported for a VPN).
 */
export type GluetunStatus = 'starting' | 'running' | 'stopping' | 'stopped' | 'crashed';

/** The address of the VPN as seen from the internet, and its location. */
export interface PublicAddress {
  readonly ip: string;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
}

/** A value, or the reason why there is none. */
export type Answer<T> =
  | { readonly value: T; readonly reason: null }
  /** `isFault`: something needs to be repaired. False: there is no value at present. */
  | { readonly value: null; readonly reason: string; readonly isFault: boolean };

/** The answers of a control server to the three queries of one check. */
export interface GluetunReport {
  readonly status: Answer<GluetunStatus>;
  readonly publicAddress: Answer<PublicAddress>;
  readonly forwardedPort: Answer<number>;
}

export const answered = <T>(value: T): Answer<T> => ({ value, reason: null });
export const noAnswer = (reason: string): Answer<never> => ({
  value: null,
  reason,
  isFault: false,
});
export const fault = (reason: string): Answer<never> => ({ value: null, reason, isFault: true });

/** The reason of the first fault; null if there is none. */
export function faultOf(report: GluetunReport): string | null {
  const answers = [report.status, report.forwardedPort, report.publicAddress];
  for (const answer of answers) if (answer.value === null && answer.isFault) return answer.reason;
  return null;
}

const STATUSES: readonly string[] = ['starting', 'running', 'stopping', 'stopped', 'crashed'];

/** `{"status":"running"}` */
export function readStatus(body: string): Answer<GluetunStatus> {
  const status = objectOf(body)?.['status'];
  return typeof status === 'string' && STATUSES.includes(status)
    ? answered(status as GluetunStatus)
    : fault('its control server reported an unknown status');
}

/**
 * The older route reports OpenVPN only: since v3.39 it answers `stopped` while WireGuard runs
 * (internal/server/openvpn.go), so `stopped` from this route does not mean that the VPN has stopped.
 */
export function readOpenvpnStatus(body: string): Answer<GluetunStatus> {
  const answer = readStatus(body);
  return answer.value === 'stopped' ? noAnswer('OpenVPN is stopped; WireGuard may run') : answer;
}

/**
 * `{"port":5914}`; v3.41 reports several ports as `{"ports":[5914,6021]}`, later versions send both. 0 while no port is
 * forwarded: forwarding is off, or not ready yet, which takes some seconds after each internal restart of the VPN.
 */
export function readPort(body: string): Answer<number> {
  const answer = objectOf(body);
  const ports: unknown = answer?.['ports'];
  const port: unknown = answer?.['port'] ?? (Array.isArray(ports) ? ports[0] : undefined);
  if (answer === null) return fault('its control server gave an invalid answer about the port');
  if (port === 0 || port === undefined || port === null) return noAnswer('no port is forwarded');
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port <= 65_535
    ? answered(port)
    : fault('its control server reported an invalid forwarded port');
}

/** `{"public_ip":"…","region":"…","country":"…","city":"…",…}`; the address is empty until it is known. */
export function readPublicAddress(body: string): Answer<PublicAddress> {
  const answer = objectOf(body);
  if (answer === null)
    return fault('its control server gave an invalid answer about the public address');
  const ip = answer['public_ip'];
  if (typeof ip !== 'string' || isIP(ip) === 0) return noAnswer('no public address is known');
  return answered({
    ip,
    country: placeName(answer['country']),
    region: placeName(answer['region']),
    city: placeName(answer['city']),
  });
}

const MAX_PLACE_NAME = 100;

function placeName(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  // The name comes from a geolocation service and is shown in logs and panels, so control characters are removed.
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
