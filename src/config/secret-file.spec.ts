import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTINGS } from './app-config';
import { ConfigError, loadProcessConfig } from './config-loader';
import { type Environment } from './given-value';
import { readSecretFile } from './secret-file';
import { type Setting } from './setting';

const KEY = 'a-key-of-sixteen-letters';

describe('a secret in a file', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secret-'));
    path = join(folder, 'secret');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function problemsOf(env: Environment): readonly string[] {
    try {
      loadProcessConfig(folder, env);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
    return [];
  }

  it('is possible for every secret and for nothing else', () => {
    const secrets = Object.values<Setting<unknown>>(SETTINGS).filter(({ isSecret }) => isSecret);
    expect(secrets.map(({ variable }) => variable)).toEqual([
      ...['API_KEY', 'REDIS_URL', 'ENGINE_ENV', 'VPN_CONTROL_API_KEY'],
    ]);
    writeFileSync(path, '7000');
    expect(loadProcessConfig(folder, { PORT_FILE: path }).config.port).toBe(8000);
  });

  it.each([
    ['API_KEY', 'apiKey', KEY],
    ['REDIS_URL', 'redisUrl', 'redis://:secret@redis'],
    ['VPN_CONTROL_API_KEY', 'vpnControlApiKey', KEY],
  ] as const)('is read for %s_FILE', (variable, field, secret) => {
    writeFileSync(path, `${secret}\n`);
    const { config, warnings } = loadProcessConfig(folder, { [`${variable}_FILE`]: path });
    expect(config[field]).toBe(secret);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['without a line break', KEY],
    ['with a line break', `${KEY}\n`],
    ['with a line break of Windows', `${KEY}\r\n`],
    ['with a byte order mark', `\ufeff${KEY}`],
  ])('is accepted %s', (_what, text) => {
    writeFileSync(path, text);
    writeFileSync(join(folder, '.env'), `API_KEY_FILE=${path}`);
    expect(loadProcessConfig(folder, {}).config.apiKey).toBe(KEY);
  });

  it('may have 64 KiB', () => {
    writeFileSync(path, 'a'.repeat(64 * 1024));
    expect(readSecretFile(path)).toEqual({ text: 'a'.repeat(64 * 1024) });
  });

  it.each<[string, () => void, string]>([
    ['is missing', () => undefined, 'the file does not exist'],
    ['is a folder', () => mkdirSync(path), 'it is a folder, not a file'],
    ['is empty', () => writeFileSync(path, ''), 'the file is empty'],
    ['has only a line break', () => writeFileSync(path, '\n'), 'the file is empty'],
    [
      'is longer than 64 KiB',
      () => writeFileSync(path, 'a'.repeat(64 * 1024 + 1)),
      'the file is longer than 64 KiB',
    ],
    [
      'is not UTF-8',
      () => writeFileSync(path, Buffer.from([0x61, 0xff])),
      'the file is not UTF-8 text',
    ],
    [
      'has a value that is not allowed',
      () => writeFileSync(path, `${KEY}\n\n`),
      'allowed in the file is 1 to 256 visible ASCII characters without spaces',
    ],
  ])('stops the start with one line if it %s', (_what, create, reason) => {
    create();
    const lines = problemsOf({ API_KEY_FILE: path });
    expect(lines).toEqual([`API_KEY_FILE=${JSON.stringify(path)} is not valid: ${reason}`]);
  });

  it('stops the start with one line if this user may not read it', () => {
    writeFileSync(path, KEY);
    chmodSync(path, 0);
    // root may read every file, except what the kernel itself refuses to read.
    const forbidden = process.getuid?.() === 0 ? '/proc/self/mem' : path;
    expect(problemsOf({ API_KEY_FILE: forbidden })).toEqual([
      expect.stringMatching(
        /^API_KEY_FILE="[^"]+" is not valid: the (?:user of this process may not read the file \(EACCES\)|file cannot be read \(EIO\))$/,
      ),
    ]);
  });

  it('is refused beside a value', () => {
    writeFileSync(path, KEY);
    writeFileSync(join(folder, '.env'), `API_KEY=${KEY}`);
    expect(problemsOf({ API_KEY_FILE: path })).toEqual([
      'API_KEY_FILE and API_KEY in .env are both set: allowed is one of them',
    ]);
  });

  it('counts as not set if the variable is empty', () => {
    expect(loadProcessConfig(folder, { API_KEY_FILE: ' ', API_KEY: KEY }).config.apiKey).toBe(KEY);
    expect(loadProcessConfig(folder, { API_KEY_FILE: '' }).config.apiKey).toBeNull();
  });

  it('is never printed', () => {
    writeFileSync(path, 'two words');
    expect(problemsOf({ API_KEY_FILE: path }).join()).not.toContain('two words');
  });

  it('is read no further than needed from a device without an end', () => {
    expect(readSecretFile('/dev/zero')).toEqual({ fault: 'the file is longer than 64 KiB' });
  });
});
