import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../config';
import { EventBus } from '../../events';
import { DataFolder } from '../../storage';
import type { EnginesConfig } from '../engines-config';
import { DockerClient } from './docker-client';
import { chooseDriver, type DriverChoice, usesStaticEngines } from './driver-choice';
import { createRuntime } from './drivers.module';
import { DriverChoiceError } from './engine-driver.port';
import { withLag } from '../../kernel/testing/lag.spec-support';

const ADDRESS = { host: '127.0.0.1', port: 6878, apiPort: null };

describe('the choice of the driver', () => {
  let folder: string;
  let nobody: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'driver-factory-'));
    nobody = `unix://${join(folder, 'nobody.sock')}`;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const aConfig = (over: Partial<EnginesConfig> = {}): EnginesConfig => ({
    ...loadConfig({ DOCKER_HOST: nobody }),
    ...over,
  });

  function create(choice: DriverChoice, config: EnginesConfig) {
    const docker = new DockerClient(config.dockerHost);
    const data = new DataFolder(join(folder, 'data'));
    return createRuntime(choice, config, docker, new EventBus(), data);
  }

  it.each<[Partial<EnginesConfig>, string, string, boolean]>([
    [{ engineAddresses: [ADDRESS] }, 'static', 'ENGINE_ADDRESSES is set', false],
    [
      {},
      'simulator',
      'ENGINE_ADDRESSES is empty and no Docker Engine answers (Docker cannot be reached at NOBODY: ENOENT), so only test pictures are played',
      true,
    ],
    [{ engineDriver: 'simulator' }, 'simulator', 'ENGINE_DRIVER=simulator', false],
    [
      { engineDriver: 'simulator', engineAddresses: [ADDRESS] },
      'simulator',
      'ENGINE_DRIVER=simulator',
      false,
    ],
    [
      { engineDriver: 'static', engineAddresses: [ADDRESS] },
      'static',
      'ENGINE_DRIVER=static',
      false,
    ],
    [{ engineDriver: 'docker' }, 'docker', 'ENGINE_DRIVER=docker', false],
    [{ engineDriver: 'swarm' }, 'swarm', 'ENGINE_DRIVER=swarm', false],
  ])('%j takes %s: %s', async (over, kind, why, isFallback) => {
    const config = aConfig(over);
    const choice = await chooseDriver(config);
    expect(choice).toEqual({ kind, why: why.replace('NOBODY', nobody.slice(7)), isFallback });
    expect(usesStaticEngines(config)).toBe(kind === 'static');
    const runtime = kind === 'static' ? null : await create(choice, config);
    expect(runtime?.kind ?? 'static').toBe(kind);
  });

  describe('with a Docker Engine', () => {
    let engine: Server;

    /** Answers a ping with this status; with 0 it accepts the connection and never answers. */
    async function listen(status: number): Promise<EnginesConfig> {
      const path = join(folder, 'docker.sock');
      engine = createServer((_, res) => {
        if (status !== 0) res.writeHead(status, { 'Api-Version': '1.41' }).end('OK');
      });
      await new Promise<void>((resolve) => engine.listen(path, resolve));
      return aConfig({ dockerHost: `unix://${path}` });
    }

    afterEach(async () => {
      engine.closeAllConnections();
      await new Promise((resolve) => engine.close(resolve));
    });

    it('that answers: docker', async () => {
      expect(await chooseDriver(await listen(200))).toEqual({
        kind: 'docker',
        why: 'a Docker Engine answers',
        isFallback: false,
      });
    });

    it('that hangs: waits at most 1 s', async () => {
      const config = await listen(0);
      const startedAt = performance.now();
      expect((await chooseDriver(config)).kind).toBe('simulator');
      expect(performance.now() - startedAt).toBeLessThan(withLag(6000));
    });

    it('that fails: the simulator, with the reason', async () => {
      const { kind, why } = await chooseDriver(await listen(500));
      expect(kind).toBe('simulator');
      expect(why).toContain('the answer is not that of a Docker Engine (status 500)');
    });

    it.each([401, 403])('that refuses every call (%d): the start fails', async (status) => {
      const failure = chooseDriver(await listen(status));
      await expect(failure).rejects.toThrow(DriverChoiceError);
      await expect(failure).rejects.toThrow(/status 40.*or ENGINE_DRIVER=simulator/);
    });
  });

  it('keeps the id of the installation', async () => {
    const config = aConfig({ engineDriver: 'docker' });
    const path = join(folder, 'data', 'instance');
    await create(await chooseDriver(config), config);
    const id = readFileSync(path, 'utf8');
    expect(id).toMatch(/^[0-9a-f]{16}\n$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await create(await chooseDriver(config), config);
    expect(readFileSync(path, 'utf8')).toBe(id);
  });
});
