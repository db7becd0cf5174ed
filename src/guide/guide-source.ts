import type { GuideVersion } from './fetch-guide';
import type { GuideFaultCode } from './guide-fault';

export const MAX_SOURCES = 20;
export const MIN_INTERVAL_S = 15 * 60;
export const MAX_INTERVAL_S = 7 * 24 * 3600;
export const DEFAULT_INTERVAL_S = 12 * 3600;

/** Where a programme guide is fetched from. */
export interface GuideSource {
  readonly id: string;
  readonly name: string;
  /** http or https. */
  readonly url: string;
  readonly refreshIntervalS: number;
  readonly isEnabled: boolean;
}

/** What the refreshes of a source have found. Times are in milliseconds since 1970. */
export interface GuideState {
  /** The version of the present guide. */
  readonly version: GuideVersion;
  /** The wanted channels to which the guide was reduced, as a hash; empty if there is no guide. */
  readonly wanted: string;
  /** When the guide that is present was fetched; null if there is none. */
  readonly fetchedAt: number | null;
  /** When the server was last asked, with or without success. */
  readonly checkedAt: number | null;
  readonly channels: number;
  readonly programmes: number;
  /** Null if the last refresh succeeded. */
  readonly fault: { readonly code: GuideFaultCode; readonly detail: string } | null;
}

export const NO_STATE: GuideState = {
  version: { etag: null, lastModified: null },
  wanted: '',
  fetchedAt: null,
  checkedAt: null,
  channels: 0,
  programmes: 0,
  fault: null,
};
