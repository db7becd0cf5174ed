import { loadConfig } from '../../../config';
import { DockerError, type DockerVersionInfo } from '../docker-client';
import { DaemonRecipe } from './daemon-recipe';
import { engineRecipe } from './engine-recipe';

describe('the recipe for one Docker Engine', () => {
  let asked: number;
  let answer: () => string;

  function recipe(env: Record<string, string> = {}): DaemonRecipe {
    asked = 0;
    const version = (): Promise<DockerVersionInfo> => {
      asked += 1;
      return new Promise((resolve) => resolve({ arch: answer() }));
    };
    const swarm = { listNodes: () => Promise.reject(new Error('no Swarm')) };
    return new DaemonRecipe(loadConfig(env), 'docker', { version, swarm });
  }

  const fail = (code: 'docker_unavailable' | 'runtime_refused') => () => {
    throw new DockerError(code, 'scripted', null);
  };

  it('follows its architecture, which is requested once per connection', async () => {
    answer = () => 'arm64';
    const found = recipe();
    await Promise.all([found.known(), found.known()]);
    expect(asked).toBe(1);
    const named = engineRecipe(loadConfig({ ENGINE_PROFILE: 'aceserve' }), 'docker');
    const { profile, imageReference, specHash, portNames, ownPorts, architectures } = named;
    expect(found).toMatchObject({
      ...{ profile, imageReference, specHash, portNames, ownPorts, architectures },
    });
    expect(found.launch(ownPorts).command?.[0]).toBe(named.launch(ownPorts).command?.[0]);
    // Another Docker Engine answers from now on.
    answer = () => 'amd64';
    found.forget();
    await found.known();
    expect(found.profile).toBe('acestream-http-proxy');
  });

  it.each([
    [['x86_64', 'x86_64'], 'acestream-http-proxy'],
    [['aarch64'], 'aceserve'],
    [['x86_64', 'aarch64'], 'aceserve'],
    [[], 'acestream-http-proxy'],
  ])('runs on every node of a Swarm: %j', async (architectures, profile) => {
    const nodes = architectures.map((Architecture, n) => ({
      ID: `node-${n}`,
      Spec: { Role: 'worker', Availability: 'active' } as const,
      Description: { Platform: { Architecture } },
      Status: { State: 'ready', Addr: '' },
    }));
    const swarm = { listNodes: () => Promise.resolve(nodes) };
    const version = () => Promise.reject(new Error('not asked'));
    const found = new DaemonRecipe(loadConfig({}), 'swarm', { version, swarm });
    await found.known();
    expect(found.profile).toBe(profile);
  });

  it('asks again after a failure', async () => {
    answer = fail('docker_unavailable');
    const found = recipe();
    await expect(found.known()).rejects.toMatchObject({ code: 'docker_unavailable' });
    answer = () => 'arm64';
    await found.known();
    expect(found.profile).toBe('aceserve');
  });

  it('uses the default profile when a proxy refuses the call', async () => {
    answer = fail('runtime_refused');
    const found = recipe();
    await found.known();
    expect(found.profile).toBe('acestream-http-proxy');
  });

  it.each<Record<string, string>>([{ ENGINE_PROFILE: 'aceserve' }, { ENGINE_IMAGE: 'lan/engine' }])(
    'is set by %j, without a call',
    async (env) => {
      answer = () => 'arm64';
      const named = recipe(env);
      await named.known();
      expect(asked).toBe(0);
      expect(named.specHash).toBe(engineRecipe(loadConfig(env), 'docker').specHash);
    },
  );
});
