import { loadConfig } from '../../../config';
import { engineRecipe } from '../containers/engine-recipe';
import { readEngineLabels } from '../containers/engine-labels';
import { OrphanTracker } from '../containers/failed-requests';
import type { SwarmService, SwarmServiceSpec, SwarmTask } from '../docker-client';
import { PortAllocator } from '../containers/port-allocator';
import { RuntimeError, type RuntimeErrorCode, type ObservedEngine } from '../engine-runtime.port';
import { service, task, type TaskStatus } from './swarm-facts.spec-support';
import { SwarmImage } from './swarm-image';
import { SwarmProvisioning } from './swarm-provisioning';
import type { SwarmReach } from './swarm-topology';

const PUBLISHED: SwarmReach = { kind: 'published', network: null };
const REQUEST = { key: '0123456789ab', vpnSlot: null };
const NEVER = new AbortController().signal;
const RANGE = { from: 19_000, to: 19_009 };

type Step = TaskStatus | RuntimeErrorCode;

/**
 * A Swarm that handles each new service by the next step of the script: it refuses with a code, or creates the service
 * with its only task in the given state.
 */
class ScriptedSwarm {
  readonly services = new Map<string, { spec: SwarmServiceSpec; status: TaskStatus }>();
  readonly made: SwarmServiceSpec[] = [];
  /** A refused call that creates the service nevertheless, because its answer was lost. */
  isAnswerLost = false;
  canRemove = true;
  /** The result of listing one engine. */
  find: (id: string) => Promise<ObservedEngine | null> = (id) =>
    Promise.resolve(this.services.has(id) ? ({ id } as ObservedEngine) : null);

  constructor(private readonly steps: Step[]) {}

  createService = (spec: SwarmServiceSpec): Promise<string> => {
    const step = this.steps.shift() ?? 'runtime_refused';
    this.made.push(spec);
    const id = `service-${this.made.length}`;
    if (typeof step !== 'string' || this.isAnswerLost) {
      this.services.set(id, { spec, status: typeof step === 'string' ? {} : step });
    }
    if (typeof step === 'string') return Promise.reject(new RuntimeError(step, step));
    return Promise.resolve(id);
  };

  listServices = (): Promise<SwarmService[]> =>
    Promise.resolve(
      [...this.services].map(([ID, { spec }]) => ({ ...service(null), ID, Spec: spec })),
    );

  listTasks = ({ service: ids = [] }: { service?: readonly string[] }): Promise<SwarmTask[]> => {
    const found = this.services.get(ids[0] ?? '');
    return Promise.resolve(found === undefined ? [] : [task(found.status)]);
  };

  removeService = (id: string): Promise<'done'> => {
    if (!this.canRemove) return Promise.reject(new RuntimeError('docker_unavailable', 'away'));
    this.services.delete(id);
    return Promise.resolve('done');
  };
}

function stage(...steps: Step[]) {
  const swarm = new ScriptedSwarm(steps);
  const recipe = engineRecipe(loadConfig({}), 'swarm');
  const orphans = new OrphanTracker();
  const image = new SwarmImage({ digest: () => Promise.resolve('sha256:1') }, recipe, {
    publish: () => undefined,
  });
  const provisioning = new SwarmProvisioning({
    swarm,
    recipe,
    image,
    listing: { find: (id) => swarm.find(id) },
    allocator: new PortAllocator(0),
    orphans,
    hostRange: RANGE,
    instance: 'home',
    version: '1.0.0',
    memoryLimitBytes: 0,
    cpuLimit: 0,
    constraints: [],
  });
  return { swarm, orphans, image, provisioning };
}

const portOf = ({ Labels }: SwarmServiceSpec) => readEngineLabels(Labels)?.publishedPort;

describe('creating an engine in a Swarm', () => {
  it('creates one service and returns its engine once its task runs', async () => {
    const { swarm, image, provisioning } = stage({ State: 'running' });
    await expect(provisioning.provision(REQUEST, PUBLISHED, NEVER)).resolves.toMatchObject({
      id: 'service-1',
    });
    expect(swarm.services.size).toBe(1);
    expect(image.state.state).toBe('present');
  });

  it.each<[TaskStatus, string]>([
    [{ State: 'rejected', Message: 'preparing', Err: 'No such image: a' }, 'image_missing'],
    [{ State: 'failed', Message: 'started', Err: 'non-zero exit (1)' }, 'engine_exited'],
    [{ State: 'orphaned', Message: '' }, 'runtime_refused'],
  ])('leaves nothing when its task ends: %j is %s', async (status, code) => {
    const { swarm, orphans, provisioning } = stage(status);
    const outcome = provisioning.provision(REQUEST, PUBLISHED, NEVER);
    await expect(outcome).rejects.toMatchObject({ code });
    expect(swarm.services.size).toBe(0);
    expect(orphans.has(REQUEST.key)).toBe(false);
  });

  it.each<[string, () => Promise<null>, string]>([
    ['is gone', () => Promise.resolve(null), 'runtime_refused'],
    [
      'cannot be listed',
      () => Promise.reject(new RuntimeError('docker_unavailable', 'away')),
      'docker_unavailable',
    ],
  ])('leaves nothing when the engine %s right after its start', async (_, look, code) => {
    const { swarm, provisioning } = stage({ State: 'running' });
    swarm.find = look;
    const outcome = provisioning.provision(REQUEST, PUBLISHED, NEVER);
    await expect(outcome).rejects.toMatchObject({ code });
    expect(swarm.services.size).toBe(0);
  });

  it('tries another port, then another name, and each time removes the failed service', async () => {
    const taken: TaskStatus = {
      State: 'failed',
      Message: 'starting',
      Err: 'address already in use',
    };
    const { swarm, provisioning } = stage(taken, 'name_conflict', { State: 'running' });
    await provisioning.provision(REQUEST, PUBLISHED, NEVER);
    expect([...swarm.services.keys()]).toEqual(['service-3']);
    expect(new Set(swarm.made.map(({ Name }) => Name)).size).toBe(3);
    expect(portOf(swarm.made[2]!)).not.toBe(portOf(swarm.made[0]!));
  });

  it('gives up after three tries', async () => {
    const conflicts = Array.from({ length: 9 }, () => 'name_conflict' as const);
    const { swarm, provisioning } = stage(...conflicts);
    const outcome = provisioning.provision(REQUEST, PUBLISHED, NEVER);
    await expect(outcome).rejects.toMatchObject({ code: 'name_conflict' });
    expect(swarm.made).toHaveLength(3);
  });

  it('gives each engine its own port', async () => {
    const runs: TaskStatus = { State: 'running' };
    const { swarm, provisioning } = stage(runs, runs, runs);
    const keys = ['00000000000a', '00000000000b', '00000000000c'];
    await Promise.all(
      keys.map((key) => provisioning.provision({ key, vpnSlot: null }, PUBLISHED, NEVER)),
    );
    expect(new Set(swarm.made.map(portOf)).size).toBe(3);
  });

  it('publishes nothing for engines that are reached at their own addresses', async () => {
    const { swarm, provisioning } = stage({ State: 'running' });
    const reach: SwarmReach = { kind: 'container', network: 'engines' };
    await provisioning.provision(REQUEST, reach, NEVER);
    expect(portOf(swarm.made[0]!)).toBeNull();
  });

  it('removes a service whose creation had no answer, and remembers that it may still appear', async () => {
    const { swarm, orphans, provisioning } = stage('docker_unavailable');
    swarm.isAnswerLost = true;
    const outcome = provisioning.provision(REQUEST, PUBLISHED, NEVER);
    await expect(outcome).rejects.toMatchObject({ code: 'docker_unavailable' });
    expect(swarm.services.size).toBe(0);
    expect(orphans.has(REQUEST.key)).toBe(true);
  });

  it('remembers an orphan that it could not remove and reports why the request failed', async () => {
    const { swarm, orphans, provisioning } = stage({ State: 'orphaned', Message: '' });
    swarm.canRemove = false;
    const outcome = provisioning.provision(REQUEST, PUBLISHED, NEVER);
    await expect(outcome).rejects.toMatchObject({ code: 'runtime_refused' });
    expect(orphans.has(REQUEST.key)).toBe(true);
  });

  it('removes the service of a request that was cancelled', async () => {
    const { swarm, provisioning } = stage({ State: 'preparing' });
    const calling = new AbortController();
    const outcome = provisioning.provision(REQUEST, PUBLISHED, calling.signal);
    const reason = new Error('cancelled');
    setTimeout(() => calling.abort(reason), 50);
    await expect(outcome).rejects.toBe(reason);
    expect(swarm.made).toHaveLength(1);
    expect(swarm.services.size).toBe(0);
  });
});
