import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { type AceEngineClient, EngineFault } from '../../ace';
import { RecordingEvents } from '../../events/testing/recording-events.spec-support';
import { DataFolder } from '../../storage';
import { EngineRegistry } from '../registry/engine-registry';
import { aDescription } from '../testing/engine.spec-support';
import { ExternalEngines, type NewEngine } from './external-engines';

const PORT = 8000;

const given = (over: Partial<NewEngine> = {}): NewEngine => ({
  ...{ host: '127.0.0.1', port: 6878, apiPort: null, labels: {}, maxStreams: null },
  ...over,
});

describe('ExternalEngines', () => {
  Logger.overrideLogger(false);
  let path: string;
  let folder: DataFolder;
  let registry: EngineRegistry;
  let engines: ExternalEngines;
  let fault: EngineFault | null;

  const open = (): ExternalEngines => {
    registry = new EngineRegistry(new RecordingEvents());
    const ace = {
      probe: () =>
        fault === null
          ? Promise.resolve({ version: '3.2.3', networkConnected: true })
          : Promise.reject(fault),
    } as unknown as AceEngineClient;
    return new ExternalEngines({ port: PORT, engineProbeTimeoutMs: 1000 }, registry, ace, folder);
  };

  beforeEach(async () => {
    fault = null;
    path = mkdtempSync(join(tmpdir(), 'acefleet-external-'));
    folder = new DataFolder(path);
    await folder.open();
    engines = open();
  });
  afterEach(async () => {
    await folder.close();
    rmSync(path, { recursive: true });
  });

  it('are announced with their own slots, and again after a restart', async () => {
    const id = await engines.add(given({ labels: { place: 'attic' }, maxStreams: 7 }), false);
    expect(id).toBe('static-127.0.0.1-6878');
    engines = open();
    await engines.onApplicationBootstrap();
    const engine = registry.get(id);
    expect(engine).toMatchObject({ isExternal: true, labels: { place: 'attic' }, vpn: null });
    expect(engine?.slotCount(3)).toBe(7);
    expect(engines.has(id)).toBe(true);
    await engines.remove(id);
    expect([registry.get(id), engines.has(id)]).toEqual([undefined, false]);
    await expect(engines.remove(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('stay if ENGINE_ADDRESSES lists them meanwhile', async () => {
    const id = await engines.add(given(), false);
    engines = open();
    registry.announce(aDescription(id));
    await engines.onApplicationBootstrap();
    expect(registry.get(id)?.isExternal).toBe(false);
    await engines.remove(id);
    expect(registry.get(id)).toBeDefined();
  });

  it('may not have the address of a known engine, also if two are added at once', async () => {
    const both = await Promise.allSettled([
      engines.add(given(), false),
      engines.add(given(), false),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(engines.add(given(), false)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('must answer, unless the administrator accepts that it does not', async () => {
    fault = new EngineFault('engine', 'connect_refused', 'refused');
    await expect(engines.add(given(), false)).rejects.toMatchObject({
      code: 'engine_failed',
      message: expect.stringContaining('connect_refused'),
    });
    expect(registry.list()).toEqual([]);
    await engines.add(given(), true);
    expect(registry.list()).toHaveLength(1);
  });

  it.each([
    ['127.0.0.1', PORT, /acefleet itself/],
    ['::1', PORT, /acefleet itself/],
    ['169.254.169.254', 80, /metadata/],
    ['::ffff:169.254.169.254', 80, /metadata/],
    ['169.254.1.1', 6878, /link-local/],
    ['224.0.0.1', 6878, /multicast/],
    ['0.0.0.0', 6878, /unspecified/],
  ])('cannot be at %s:%d', async (host, port, message) => {
    await expect(engines.add(given({ host, port }), true)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(message),
    });
  });
});
