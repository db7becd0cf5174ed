import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_DOCKER, startProduct, startSimulator } from './support';

const PRELOAD = join(__dirname, 'support', 'loaded-modules.cjs');

describe('the code that a product has loaded by its end', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'loaded-code-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /**
   * The loaded modules, by the folders of the drivers and by packages. The product also serves its API page meanwhile.
   */
  async function loadedWith(env: Record<string, string>): Promise<Set<string>> {
    const file = join(folder, 'modules.json');
    const engines = env['ENGINE_DRIVER'] === undefined ? [await startSimulator()] : undefined;
    const product = await startProduct({
      engines,
      env: { ...env, NODE_OPTIONS: `--require ${PRELOAD}`, LOADED_MODULES_FILE: file },
      waitReady: false,
    });
    for (const path of ['/openapi.json', '/docs', '/docs/swagger-ui.css']) {
      expect((await product.api('GET', path, undefined, {})).status).toBe(200);
    }
    await product.stop();
    const modules = JSON.parse(readFileSync(file, 'utf8')) as string[];
    expect(modules.length).toBeGreaterThan(500);
    const parts = modules.flatMap((path) => {
      const driver = /\/dist\/engines\/drivers\/([a-z-]+)\//.exec(path)?.[1];
      const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(path)?.[1];
      return [driver ?? '', name ?? ''];
    });
    return new Set(parts.filter((part) => part !== ''));
  }

  const DRIVERS = ['docker', 'docker-client', 'simulator', 'swarm'];
  const driversIn = (parts: Set<string>): string[] => DRIVERS.filter((name) => parts.has(name));

  it.each<[string, Record<string, string>, string[]]>([
    ['static', {}, []],
    ['simulator', { ENGINE_DRIVER: 'simulator' }, ['simulator']],
    ['docker', { ENGINE_DRIVER: 'docker', DOCKER_HOST: NO_DOCKER }, ['docker', 'docker-client']],
    ['swarm', { ENGINE_DRIVER: 'swarm', DOCKER_HOST: NO_DOCKER }, ['docker-client', 'swarm']],
  ])('includes with %s no other driver, and never Swagger', async (_, env, drivers) => {
    const parts = await loadedWith(env);
    expect(driversIn(parts)).toEqual(drivers);
    expect(parts).toContain('@nestjs/core');
    expect(parts).not.toContain('@nestjs/swagger');
    expect(parts).not.toContain('swagger-ui-dist');
  });
});
