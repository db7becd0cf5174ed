import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../../src/config';
import type {
  ProvisioningRequest,
  ObservedEngine,
} from '../../../src/engines/drivers/engine-runtime.port';
import { SwarmRuntime } from '../../../src/engines/drivers/swarm/swarm-runtime';
import { EventBus } from '../../../src/events';
import { eventually, onScopeEnd } from '../../e2e/support';
import { docker, listContainers } from './docker-cli';
import { PrivateDockerd } from './private-dockerd';
import { newKey, RecordingListener } from './runtime-stage';
import { simulatorImage } from './simulator-image';

const INSTANCE_LABEL = 'dev.acefleet.instance';
const NEVER = new AbortController().signal;

/**
 * Starts a Docker Engine for this test that is the only node of a Swarm. Its bridge for nodes gets its own name,
 * because the usual one may be in use by the machine's Docker Engine.
 */
export async function startSwarm(): Promise<PrivateDockerd> {
  const daemon = await PrivateDockerd.start({ name: 'f', takesNetworks: true });
  onScopeEnd(() => daemon.cleanup());
  const bridge = `afg${randomBytes(3).toString('hex')}`;
  await docker(
    [
      ...['network', 'create', '--opt', `com.docker.network.bridge.name=${bridge}`],
      ...['--opt', 'com.docker.network.bridge.enable_icc=false', 'docker_gwbridge'],
    ],
    daemon.dockerHost,
  );
  await docker(['swarm', 'init', '--advertise-addr', '127.0.0.1'], daemon.dockerHost);
  simulatorImage({ dockerHost: daemon.dockerHost });
  return daemon;
}

/** A runtime for one test. Everything that its installation created is removed. */
export class SwarmStage {
  readonly listener = new RecordingListener();
  readonly runtime: SwarmRuntime;

  constructor(
    readonly instance: string,
    private readonly dockerHost: string,
    env: Readonly<Record<string, string>>,
  ) {
    const image = env['ENGINE_IMAGE'] ?? simulatorImage({ dockerHost });
    const config = loadConfig({ DOCKER_HOST: dockerHost, ENGINE_IMAGE: image, ...env });
    this.runtime = new SwarmRuntime(config, instance, new EventBus());
  }

  provision(order: Partial<ProvisioningRequest> = {}, signal = NEVER): Promise<ObservedEngine> {
    return this.runtime.provision({ key: newKey(), vpnSlot: null, ...order }, signal);
  }

  /** The engine in the next listing. */
  async see(id: string): Promise<ObservedEngine | undefined> {
    return (await this.runtime.list()).find((engine) => engine.id === id);
  }

  services(): Promise<string> {
    const filter = `label=${INSTANCE_LABEL}=${this.instance}`;
    return docker(['service', 'ls', '--quiet', '--filter', filter], this.dockerHost);
  }

  async containers(): Promise<readonly string[]> {
    const listed = await listContainers([`${INSTANCE_LABEL}=${this.instance}`], this.dockerHost);
    return listed.map(({ id }) => id);
  }

  /**
   * True if there is neither a service nor a container of this installation; a Swarm removes the latter with a delay.
   */
  isEmpty(): Promise<boolean> {
    return eventually(async () => {
      return (await this.services()) === '' && (await this.containers()).length === 0;
    }, 50_000);
  }

  async open(): Promise<void> {
    this.runtime.open(this.listener);
    await eventually(() => this.runtime.link.state === 'connected', 30_000, 'the link');
  }
}

/** @param env settings in addition to the image, which is the simulator's by default */
export function openSwarm(
  dockerHost: string,
  env: Readonly<Record<string, string>> = {},
  instance = `f-${randomBytes(4).toString('hex')}`,
): SwarmStage {
  const stage = new SwarmStage(instance, dockerHost, env);
  onScopeEnd(async () => {
    await stage.runtime.close();
    // Without a Swarm nothing is left either.
    const left = await stage.services().catch(() => '');
    if (left !== '') await docker(['service', 'rm', ...left.split('\n')], dockerHost);
  });
  return stage;
}
