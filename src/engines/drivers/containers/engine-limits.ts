import { randomBytes } from 'node:crypto';
import type { EngineSettings } from '../../../ace';
import type { AppConfig } from '../../../config';
import { LABEL_PREFIX } from './engine-labels';

export type LimitConfig = Pick<
  AppConfig,
  'engineMaxDownloadBps' | 'engineMaxUploadBps' | 'engineLiveBufferMs'
>;

/** The settings of the configuration that `engineSettings` reads. */
export const LIMIT_SETTINGS = [
  'engineMaxDownloadBps',
  'engineMaxUploadBps',
  'engineLiveBufferMs',
] as const satisfies readonly (keyof LimitConfig)[];

/** The label with the settings with which the engine was started; see `settingsText`. */
const SETTINGS_LABEL = `${LABEL_PREFIX}engine-settings`;
/** The label with the access token of the engine's API. Docker shows it, as it shows the command of the container. */
const TOKEN_LABEL = `${LABEL_PREFIX}engine-token`;

/** Options of the engine's command line, by the names of its settings. */
const OPTIONS: Readonly<Record<keyof EngineSettings, string>> = {
  download_limit: '--download-limit',
  upload_limit: '--upload-limit',
  live_buffer: '--live-buffer',
};

const NAMES = Object.keys(OPTIONS) as readonly (keyof EngineSettings)[];

/** Engines count rates in KB/s (1000 bytes). */
const BITS_PER_KB = 8000;

/** The settings of engines that the configuration sets; those at 0 are left out. */
export function engineSettings(config: LimitConfig): EngineSettings {
  const rate = (bps: number): number => Math.max(1, Math.round(bps / BITS_PER_KB));
  const { engineMaxDownloadBps, engineMaxUploadBps, engineLiveBufferMs } = config;
  return {
    ...(engineMaxDownloadBps === 0 ? {} : { download_limit: rate(engineMaxDownloadBps) }),
    ...(engineMaxUploadBps === 0 ? {} : { upload_limit: rate(engineMaxUploadBps) }),
    ...(engineLiveBufferMs === 0 ? {} : { live_buffer: Math.ceil(engineLiveBufferMs / 1000) }),
  };
}

/** The settings as one word, such as `upload_limit=500,live_buffer=20`; empty without any. */
export function settingsText(settings: EngineSettings): string {
  return NAMES.flatMap((name) => {
    const value = settings[name];
    return value === undefined ? [] : [`${name}=${value}`];
  }).join(',');
}

/** What an engine is started with, so that its settings are known, and can be changed later. */
export interface SettingsLaunch {
  readonly options: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export function launchSettings(config: LimitConfig): SettingsLaunch {
  const settings = engineSettings(config);
  const token = randomBytes(16).toString('hex');
  const options = NAMES.flatMap((name) => {
    const value = settings[name];
    return value === undefined ? [] : [OPTIONS[name], String(value)];
  });
  return {
    options: ['--access-token', token, ...options],
    labels: { [SETTINGS_LABEL]: settingsText(settings), [TOKEN_LABEL]: token },
  };
}

/** The settings with which an engine was started, and the token that changes them; null if its labels say neither. */
export interface StartedSettings {
  readonly text: string;
  readonly token: string;
}

export function startedSettings(labels: Readonly<Record<string, string>>): StartedSettings | null {
  const [text, token] = [labels[SETTINGS_LABEL], labels[TOKEN_LABEL]];
  return text === undefined || token === undefined ? null : { text, token };
}

/** The labels without the access token, for answers of the API, which users without access to Docker may read. */
export function shownLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== TOKEN_LABEL));
}

/**
 * What to send to an engine that has the settings `text`, so that it has `wanted`. Null if that is impossible: an engine
 * does not tell its default live buffer, so it cannot return to it.
 */
export function settingsChange(text: string, wanted: EngineSettings): EngineSettings | null {
  if (text.includes('live_buffer=') && wanted.live_buffer === undefined) return null;
  return { download_limit: 0, upload_limit: 0, ...wanted };
}
