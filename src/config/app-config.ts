import { type Setting } from './setting';
import { accessSettings } from './settings/access-settings';
import { dockerSettings, vpnSettings } from './settings/docker-settings';
import { engineSettings, selectionSettings } from './settings/engine-settings';
import { fleetSettings } from './settings/fleet-settings';
import { limitSettings } from './settings/limit-settings';
import { serverSettings } from './settings/server-settings';
import {
  bufferSettings,
  channelSettings,
  checkSettings,
  hlsSettings,
  outageSettings,
  preflightSettings,
  loopSettings,
  startSettings,
} from './settings/stream-settings';

/** Token under which the loaded configuration is injected. */
export const CONFIG = 'CONFIG';

const ALL_SETTINGS = {
  ...serverSettings,
  ...accessSettings,
  ...engineSettings,
  ...fleetSettings,
  ...dockerSettings,
  ...vpnSettings,
  ...selectionSettings,
  ...startSettings,
  ...channelSettings,
  ...preflightSettings,
  ...checkSettings,
  ...bufferSettings,
  ...hlsSettings,
  ...outageSettings,
  ...loopSettings,
  ...limitSettings,
};

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/**
 * All settings, resolved. A field has the name of its variable; durations end in `Ms` (whole milliseconds), sizes
 * in `Bytes`. Read once at start and never changed.
 */
export type AppConfig = {
  readonly [Field in keyof typeof ALL_SETTINGS]: ValueOf<(typeof ALL_SETTINGS)[Field]>;
};

export type ConfigField = keyof AppConfig;

/** The declaration of each field of the configuration. */
export const SETTINGS: { readonly [Field in ConfigField]: Setting<AppConfig[Field]> } =
  ALL_SETTINGS;

export interface SettingsSection {
  readonly title: string;
  readonly settings: readonly Setting<unknown>[];
}

/** The same settings in the order of the documentation. */
export const SECTIONS: readonly SettingsSection[] = [
  { title: 'Server', settings: Object.values(serverSettings) },
  { title: 'Access to streams', settings: Object.values(accessSettings) },
  { title: 'Engines', settings: Object.values(engineSettings) },
  { title: 'Number and replacement of engines', settings: Object.values(fleetSettings) },
  { title: 'Engines in containers', settings: Object.values(dockerSettings) },
  { title: 'Engines behind VPNs', settings: Object.values(vpnSettings) },
  { title: 'Engine selection', settings: Object.values(selectionSettings) },
  { title: 'Starting a stream', settings: Object.values(startSettings) },
  { title: 'Channels', settings: Object.values(channelSettings) },
  { title: 'Checking contents', settings: Object.values(preflightSettings) },
  { title: 'Checking the sources of channels', settings: Object.values(checkSettings) },
  { title: 'History and joining', settings: Object.values(bufferSettings) },
  { title: 'HLS', settings: Object.values(hlsSettings) },
  { title: 'Outages and endings', settings: Object.values(outageSettings) },
  { title: 'Loops', settings: Object.values(loopSettings) },
  { title: 'Viewers and limits', settings: Object.values(limitSettings) },
];
