import {
  engineSettings,
  launchSettings,
  settingsChange,
  settingsText,
  startedSettings,
  type LimitConfig,
} from './engine-limits';

const config = (download = 0, upload = 0, bufferMs = 0): LimitConfig => ({
  engineMaxDownloadBps: download,
  engineMaxUploadBps: upload,
  engineLiveBufferMs: bufferMs,
});

describe('the settings of engines', () => {
  it.each<[LimitConfig, object, string]>([
    [config(), {}, ''],
    [config(10_000_000), { download_limit: 1250 }, 'download_limit=1250'],
    [
      config(100_000, 4_000_000, 20_500),
      { download_limit: 13, upload_limit: 500, live_buffer: 21 },
      'download_limit=13,upload_limit=500,live_buffer=21',
    ],
  ])('of %j are whole KB/s and seconds', (given, settings, text) => {
    expect(engineSettings(given)).toEqual(settings);
    expect(settingsText(engineSettings(given))).toBe(text);
  });

  it('are told to a new engine, with a token of its own, and are read from its labels', () => {
    const first = launchSettings(config(0, 4_000_000));
    const second = launchSettings(config());
    const token = first.options[1];
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(first.options).toEqual(['--access-token', token, '--upload-limit', '500']);
    expect(startedSettings(first.labels)).toEqual({ text: 'upload_limit=500', token });
    expect(second.options).toEqual(['--access-token', expect.not.stringMatching(token!)]);
    expect(startedSettings(second.labels)).toMatchObject({ text: '' });
    expect(startedSettings({})).toBeNull();
  });

  it.each([
    ['', { upload_limit: 5 }, { download_limit: 0, upload_limit: 5 }],
    ['download_limit=9,upload_limit=5', {}, { download_limit: 0, upload_limit: 0 }],
    [
      'live_buffer=10',
      { live_buffer: 20 },
      { download_limit: 0, upload_limit: 0, live_buffer: 20 },
    ],
    ['upload_limit=5,live_buffer=10', { upload_limit: 5 }, null],
  ])('change from %j to %j by %j', (text, wanted, change) => {
    expect(settingsChange(text, wanted)).toEqual(change);
  });
});
