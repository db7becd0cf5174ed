import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { resolveConfig, THIS_MACHINE } from '../config';
import { AppError } from '../kernel/errors';
import { DataFolder, SettingStore } from '../storage';
import { givenTexts } from './given-texts';
import { isSecretSetting } from './setting-names';
import { MASK, Settings, type SettingState } from './settings';

type Variables = Readonly<Record<string, string>>;

describe('Settings', () => {
  let path: string;
  let folder: DataFolder;
  let store: SettingStore;
  let settings: Settings;

  beforeEach(() => {
    Logger.overrideLogger(false);
    path = mkdtempSync(join(tmpdir(), 'settings-'));
    folder = new DataFolder(path);
    store = new SettingStore(folder, isSecretSetting);
  });

  afterEach(async () => {
    await folder.close();
    rmSync(path, { recursive: true });
  });

  /** As at a start with these variables, in the environment and in `.env`. Returns the warnings. */
  async function start(env: Variables = {}, file: Variables = {}): Promise<readonly string[]> {
    const sources = [
      { place: '', variables: env },
      { place: ' in .env', variables: file, isFile: true },
    ];
    settings = new Settings(resolveConfig(sources, THIS_MACHINE), store);
    return settings.open();
  }

  const change = (body: object) => settings.change(givenTexts(body));

  /** The code and the detail of the refusal. */
  async function refusal(body: object): Promise<[string, string]> {
    const error: unknown = await change(body).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof AppError)) throw new Error(`not refused: ${String(error)}`);
    return [error.code, error.detail];
  }

  function state(name: string): Omit<SettingState, 'setting'> {
    const found = settings.list().find(({ setting }) => setting.variable === name);
    if (found === undefined) throw new Error(`no setting ${name}`);
    const { value, source, lockedBy, pending } = found;
    return { value, source, lockedBy, pending };
  }

  const stored = async () => Object.fromEntries(await store.list());

  it('applies a change at once, and again after a restart', async () => {
    await start();
    const { changed } = await change({ PROXY_GRACE_PERIOD: ' 1m ', MAX_REPLICAS: 9 });
    expect(changed).toEqual(['PROXY_GRACE_PERIOD', 'MAX_REPLICAS']);
    expect(settings.live.values).toMatchObject({ proxyGracePeriodMs: 60_000, maxReplicas: 9 });
    expect(state('PROXY_GRACE_PERIOD')).toEqual({
      value: '1m',
      source: 'api',
      lockedBy: null,
      pending: null,
    });
    expect(await start()).toEqual([]);
    expect(settings.live.values).toMatchObject({ proxyGracePeriodMs: 60_000, maxReplicas: 9 });
    await change({ PROXY_GRACE_PERIOD: null, MAX_REPLICAS: '' });
    expect(settings.live.values).toMatchObject({ proxyGracePeriodMs: 10_000, maxReplicas: 6 });
    expect(state('MAX_REPLICAS').source).toBe('default');
    expect(await stored()).toEqual({});
  });

  it('names only settings whose value differs as changed', async () => {
    await start();
    await change({ MAX_REPLICAS: 9 });
    expect(await change({ MAX_REPLICAS: '9', MIN_REPLICAS: null })).toEqual({ changed: [] });
  });

  it('shows where a value comes from, and refuses to change what the environment sets', async () => {
    await start({ ACEXY_MAX_STREAMS_PER_ENGINE: '5' }, { MIN_REPLICAS: '1' });
    expect(state('MAX_STREAMS_PER_ENGINE')).toMatchObject({
      value: '5',
      source: 'env',
      lockedBy: 'ACEXY_MAX_STREAMS_PER_ENGINE',
    });
    expect(state('MIN_REPLICAS')).toMatchObject({
      source: 'file',
      lockedBy: 'MIN_REPLICAS in .env',
    });
    expect(await refusal({ MIN_REPLICAS: 3 })).toEqual([
      'conflict',
      'MIN_REPLICAS is locked: MIN_REPLICAS in .env is set and wins.',
    ]);
    expect(settings.live.values.minReplicas).toBe(1);
  });

  it.each<[string, object, string, string]>([
    ['unknown names', { MAX_REPLICA: 9 }, 'invalid_request', 'did you mean MAX_REPLICAS?'],
    ['names of other programs', { APP_PORT: 9 }, 'invalid_request', 'did you mean PORT?'],
    [
      'values out of range',
      { MAX_REPLICAS: '0' },
      'invalid_request',
      'MAX_REPLICAS="0" is not valid: allowed is a whole number from 1 to 200.',
    ],
    [
      'settings that contradict each other',
      { MIN_REPLICAS: 7 },
      'invalid_request',
      'MAX_REPLICAS=6 is not valid: allowed is at least MIN_REPLICAS, which is 7.',
    ],
    ['settings of the environment', { DOCKER_HOST: null }, 'forbidden', 'DOCKER_HOST can only'],
    ['the address to listen on', { HOST: '::1', PORT: 1 }, 'forbidden', 'HOST can only'],
  ])('refuses %s, and changes nothing', async (_, body, code, detail) => {
    await start();
    const before = { ...settings.live.values };
    expect(await refusal({ LOG_LEVEL: 'debug', ...body })).toEqual([
      code,
      expect.stringContaining(detail),
    ]);
    expect(settings.live.values).toEqual(before);
    expect(await stored()).toEqual({});
  });

  it('changes settings together that would contradict each other one by one', async () => {
    await start();
    await change({ MIN_REPLICAS: 10, MAX_REPLICAS: 20 });
    await change({ MIN_REPLICAS: 1, MAX_REPLICAS: 2 });
    expect(settings.live.values).toMatchObject({ minReplicas: 1, maxReplicas: 2 });
  });

  it('keeps a value that needs a restart pending until then', async () => {
    await start({ ENGINE_DRIVER: 'simulator' });
    await change({ ENGINE_REACH: 'container' });
    expect(settings.live.values.engineReach).toBe('auto');
    expect(state('ENGINE_REACH')).toMatchObject({
      value: 'auto',
      source: 'default',
      pending: 'container',
    });
    await start({ ENGINE_DRIVER: 'simulator' });
    expect(settings.live.values.engineReach).toBe('container');
    expect(state('ENGINE_REACH')).toMatchObject({ value: 'container', pending: null });
    await change({ ENGINE_REACH: null });
    expect(state('ENGINE_REACH')).toMatchObject({ value: 'container', pending: 'auto' });
  });

  it('refuses a value that contradicts what is in force or what a restart puts in force', async () => {
    await start({ ENGINE_DRIVER: 'docker' });
    await change({ VPN_CONTAINERS: 'gluetun', PORT_RANGE_HOST: '20000-20999' });
    expect(await refusal({ VPN_CONTROL_PORT: 20_500 })).toEqual([
      'invalid_request',
      expect.stringContaining('20000-20999'),
    ]);
    await start({ ENGINE_DRIVER: 'docker' });
    await change({ PORT_RANGE_HOST: '30000-30999' });
    expect(await refusal({ VPN_CONTROL_PORT: 20_500 })).toEqual([
      'invalid_request',
      expect.stringContaining('20000-20999'),
    ]);
    await change({ VPN_CONTROL_PORT: 9000 });
  });

  it('changes nothing when the change cannot be stored', async () => {
    const full = new AppError('storage_full', 'full');
    const broken = { list: () => store.list(), write: () => Promise.reject(full) };
    settings = new Settings(resolveConfig([], THIS_MACHINE), broken);
    await settings.open();
    await expect(change({ MAX_REPLICAS: 9 })).rejects.toBe(full);
    expect(settings.live.values.maxReplicas).toBe(6);
    expect(state('MAX_REPLICAS').source).toBe('default');
  });

  it('makes changes one after another', async () => {
    await start();
    await Promise.all([
      change({ MIN_REPLICAS: 5 }),
      refusal({ MAX_REPLICAS: 4 }),
      change({ MIN_REPLICAS: 3 }),
      change({ MAX_REPLICAS: 4 }),
    ]);
    expect(settings.live.values).toMatchObject({ minReplicas: 3, maxReplicas: 4 });
    expect(await stored()).toEqual({ MAX_REPLICAS: '4', MIN_REPLICAS: '3' });
  });

  describe('at a start', () => {
    it('ignores and shows values that have no effect, and removes them on request', async () => {
      await store.write(
        new Map([
          ['RENAMED_SINCE', 'secret?'],
          ['MAX_STREAMS_PER_ENGINE', '0'],
          ['MIN_REPLICAS', '4'],
          ['PORT', '1'],
          ['LOG_LEVEL', 'debug'],
          ['PROXY_GRACE_PERIOD', '1s'],
        ]),
      );
      const warnings = await start({ MAX_REPLICAS: '3', LOG_LEVEL: 'warn' });
      expect(warnings).toEqual([
        expect.stringContaining('MAX_STREAMS_PER_ENGINE="0" is not valid'),
        'PORT can only be set in the environment; the value from the API is ignored',
        'RENAMED_SINCE is no setting; the value from the API is ignored',
        expect.stringContaining('MAX_REPLICAS=3 is not valid: allowed is at least MIN_REPLICAS'),
      ]);
      expect(settings.live.values).toMatchObject({
        minReplicas: 2,
        maxReplicas: 3,
        maxStreamsPerEngine: 3,
        logLevel: 'warn',
        port: 8000,
        proxyGracePeriodMs: 1000,
      });
      const reasons = settings.listIgnored().map(({ name, reason }) => `${name} ${reason}`);
      expect(reasons.sort()).toEqual([
        'LOG_LEVEL locked',
        'MAX_STREAMS_PER_ENGINE invalid',
        'MIN_REPLICAS contradiction',
        'PORT environment_only',
        'RENAMED_SINCE unknown',
      ]);
      expect(JSON.stringify(settings.listIgnored())).not.toContain('secret?');
      await change({ RENAMED_SINCE: null, MAX_STREAMS_PER_ENGINE: null, MIN_REPLICAS: null });
      expect(settings.listIgnored()).toHaveLength(2);
      expect(Object.keys(await stored())).toEqual(['LOG_LEVEL', 'PORT', 'PROXY_GRACE_PERIOD']);
      // An import removes what has no effect, too.
      await settings.importAll(new Map(), false);
      expect(Object.keys(await stored())).toEqual(['LOG_LEVEL']);
      expect(settings.live.values).toMatchObject({ port: 8000, proxyGracePeriodMs: 10_000 });
    });

    it('uses the stored value again when the environment does not set the setting any more', async () => {
      await start();
      await change({ LOG_LEVEL: 'debug' });
      await start({ LOG_LEVEL: 'error' });
      expect(settings.live.values.logLevel).toBe('error');
      await start();
      expect(settings.live.values.logLevel).toBe('debug');
    });

    it('goes on with the environment when the database cannot be read', async () => {
      const broken = { list: () => Promise.reject(new Error('malformed')), write: jest.fn() };
      const loaded = resolveConfig([{ place: '', variables: { MAX_REPLICAS: '3' } }], THIS_MACHINE);
      settings = new Settings(loaded, broken);
      expect(await settings.open()).toEqual([expect.stringContaining('malformed')]);
      expect(settings.live.values.maxReplicas).toBe(3);
    });
  });

  describe('secrets', () => {
    const rows = () =>
      folder.database.readOr([], (database) =>
        database.selectFrom('settings').selectAll().execute(),
      );

    it('are encrypted in the database, and in force after a restart', async () => {
      await start();
      await change({ VPN_CONTROL_API_KEY: 'marker-of-the-vpn' });
      const [row] = await rows();
      expect(row?.value).toMatch(/^sealed:/);
      expect(row?.value).not.toContain('marker');
      expect(await start()).toEqual([]);
      expect(settings.live.values.vpnControlApiKey).toBe('marker-of-the-vpn');
    });

    it('are encrypted at the next start if an earlier version has stored them in plain text', async () => {
      const plain = { name: 'VPN_CONTROL_API_KEY', value: 'marker-of-the-vpn' };
      await folder.database.change(async (transaction) => {
        await transaction.insertInto('settings').values(plain).execute();
      });
      expect(await start()).toEqual([]);
      expect(settings.live.values.vpnControlApiKey).toBe('marker-of-the-vpn');
      expect(JSON.stringify(await rows())).not.toContain('marker');
      expect(await stored()).toEqual({ VPN_CONTROL_API_KEY: 'marker-of-the-vpn' });
    });

    it('are reported, and can be set again, if the key is lost', async () => {
      await start();
      await change({ VPN_CONTROL_API_KEY: 'marker-of-the-vpn', PROXY_MAX_CLIENTS: 7 });
      await folder.close();
      for (const name of ['user-key', 'user-key.bak']) rmSync(join(path, name), { force: true });
      folder = new DataFolder(path);
      store = new SettingStore(folder, isSecretSetting);
      expect(await start()).toEqual([
        expect.stringContaining('VPN_CONTROL_API_KEY was encrypted with another user-key'),
      ]);
      expect(settings.live.values).toMatchObject({ proxyMaxClients: 7 });
      await change({ VPN_CONTROL_API_KEY: 'another' });
      expect(await start()).toEqual([]);
      expect(settings.live.values.vpnControlApiKey).toBe('another');
    });

    it('are masked wherever they are shown', async () => {
      await start({ API_KEY: 'marker-of-the-key' });
      await change({ VPN_CONTROL_API_KEY: 'marker-of-the-vpn' });
      expect(settings.live.values.vpnControlApiKey).toBe('marker-of-the-vpn');
      expect(state('VPN_CONTROL_API_KEY').value).toBe(MASK);
      expect(await refusal({ VPN_CONTROL_API_KEY: 'marker in two words' })).toEqual([
        'invalid_request',
        expect.stringContaining('VPN_CONTROL_API_KEY=(hidden) is not valid'),
      ]);
      const shown = [settings.list(), settings.listIgnored(), settings.exportAll()];
      expect(JSON.stringify(shown)).not.toContain('marker');
    });

    it('stay as they are when the mask is sent back', async () => {
      await start();
      await change({ VPN_CONTROL_API_KEY: 'kept' });
      expect(await change({ VPN_CONTROL_API_KEY: MASK })).toEqual({ changed: [] });
      expect(settings.live.values.vpnControlApiKey).toBe('kept');
    });
  });

  describe('an export', () => {
    const CHANGES = {
      MAX_REPLICAS: '9',
      PROXY_BUFFER_TOTAL: '30%',
      PROXY_EARLY_HEADERS_AGENTS: 'Some\\x2cPlayer,none2',
      ENGINE_REACH: 'container',
      VPN_CONTROL_API_KEY: 'kept',
    };

    const importing = (isDryRun = false, changes: object = {}) =>
      settings.importAll(givenTexts({ ...settings.exportAll().settings, ...changes }), isDryRun);

    it('has what differs from the defaults, and for the reader what only the environment sets', async () => {
      await start({ PORT: '9000', API_KEY: 'secret', MIN_REPLICAS: '1' });
      await change(CHANGES);
      expect(settings.exportAll()).toEqual({
        settings: { ...CHANGES, MIN_REPLICAS: '1', VPN_CONTROL_API_KEY: MASK },
        environment: { PORT: '9000', API_KEY: MASK },
      });
    });

    it('is equal after it was imported into another installation, except for secrets', async () => {
      await start({ MIN_REPLICAS: '1' });
      await change(CHANGES);
      const exported = settings.exportAll();
      await change(Object.fromEntries(Object.keys(CHANGES).map((name) => [name, null])));
      await change({ PROXY_MAX_CLIENTS: 7, VPN_CONTROL_API_KEY: 'kept' });
      await settings.importAll(givenTexts(exported.settings), false);
      expect(settings.exportAll()).toEqual(exported);
      expect(settings.live.values).toMatchObject({ proxyMaxClients: 1500, maxReplicas: 9 });
      // A setting that the environment locked there is one of the API here.
      await start();
      await settings.importAll(givenTexts(exported.settings), false);
      expect(settings.exportAll()).toEqual(exported);
    });

    it('changes nothing when it is imported where it was made', async () => {
      await start({ MIN_REPLICAS: '1' });
      await change(CHANGES);
      expect(await importing()).toEqual({ changed: [] });
    });

    it('changes nothing in a dry run, which says what would change', async () => {
      await start();
      await change({ MAX_REPLICAS: 9 });
      expect(await settings.importAll(new Map([['MIN_REPLICAS', '1']]), true)).toEqual({
        changed: ['MIN_REPLICAS', 'MAX_REPLICAS'],
      });
      expect(await stored()).toEqual({ MAX_REPLICAS: '9' });
      expect(settings.live.values.minReplicas).toBe(2);
    });

    it.each<[string, object, string]>([
      ['a locked setting has another value', { MIN_REPLICAS: '3' }, 'conflict'],
      ['only the environment can set one', { DATA_DIR: '/other' }, 'forbidden'],
      ['a value is not valid', { MAX_REPLICAS: 'many' }, 'invalid_request'],
      ['a name is unknown', { NEXT_RELEASE: '1' }, 'invalid_request'],
    ])('is refused as a whole when %s', async (_, changes, code) => {
      await start({ MIN_REPLICAS: '1' });
      await change(CHANGES);
      const before = await stored();
      await expect(importing(false, { PROXY_MAX_CLIENTS: '7', ...changes })).rejects.toMatchObject({
        code,
      });
      expect(await stored()).toEqual(before);
      expect(settings.live.values.proxyMaxClients).toBe(1500);
    });
  });

  it.each([[null], [['MAX_REPLICAS']], ['text'], [{ MAX_REPLICAS: [1] }], [{ MAX_REPLICAS: {} }]])(
    'refuses the body %j',
    (body) => {
      expect(() => givenTexts(body)).toThrow(AppError);
    },
  );
});
