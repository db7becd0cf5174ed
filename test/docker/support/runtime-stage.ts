import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../../src/config';
import { DockerClient } from '../../../src/engines/drivers/docker-client';
import { DockerRuntime } from '../../../src/engines/drivers/docker/docker-runtime';
import type {
  ProvisioningRequest,
  RuntimeListener,
  ObservedEngine,
  VpnSlot,
} from '../../../src/engines/drivers/engine-runtime.port';
import { EventBus, type RecordedEvent } from '../../../src/events';
import { eventually, onScopeEnd } from '../../e2e/support';
import { docker, listContainers } from './docker-cli';
import { simulatorImage } from './simulator-image';

const INSTANCE_LABEL = 'dev.acefleet.instance';
const NEVER = new AbortController().signal;

/** Records what a runtime reports by itself. */
export class RecordingListener implements RuntimeListener {
  changes = 0;
  readonly gone: string[] = [];

  changed(): void {
    this.changes += 1;
  }

  vanished(engineId: string): void {
    this.gone.push(engineId);
  }
}

/** A runtime for one test on the shared Docker Engine. Everything that its installation created is removed. */
export class RuntimeStage {
  readonly listener = new RecordingListener();
  readonly events: RecordedEvent[] = [];
  /** The runtime's own client; tests let its calls fail. */
  readonly client: DockerClient;
  readonly runtime: DockerRuntime;

  constructor(
    readonly instance: string,
    env: Readonly<Record<string, string>>,
  ) {
    const image = env['ENGINE_IMAGE'] ?? simulatorImage();
    const config = loadConfig({
      DOCKER_HOST: process.env['DOCKER_HOST'],
      ENGINE_IMAGE: image,
      ...env,
    });
    this.client = new DockerClient(config.dockerHost);
    const bus = new EventBus();
    bus.subscribe((event) => this.events.push(event));
    this.runtime = new DockerRuntime(config, instance, bus, this.client);
  }

  provision(order: Partial<ProvisioningRequest> = {}, signal = NEVER): Promise<ObservedEngine> {
    return this.runtime.provision({ key: newKey(), vpnSlot: null, ...order }, signal);
  }

  /** The engine in the next listing. */
  async see(id: string): Promise<ObservedEngine | undefined> {
    return (await this.runtime.list()).find((engine) => engine.id === id);
  }

  /** Names and states of all containers of this installation, whoever created them. */
  async containers(): Promise<string[]> {
    const listed = await listContainers([`${INSTANCE_LABEL}=${this.instance}`]);
    return listed.map(({ name, state }) => `${name} ${state}`).sort();
  }

  /** Begins to listen, and waits until Docker is connected. */
  async open(): Promise<void> {
    this.runtime.open(this.listener);
    await eventually(() => this.runtime.link.state === 'connected', 30_000, 'the link');
  }
}

/** @param env settings in addition to the image, which is the simulator's by default */
export function openRuntime(
  env: Readonly<Record<string, string>> = {},
  instance = `e-${randomBytes(4).toString('hex')}`,
): RuntimeStage {
  const stage = new RuntimeStage(instance, env);
  onScopeEnd(async () => {
    await stage.runtime.close();
    const left = await listContainers([`${INSTANCE_LABEL}=${instance}`]);
    if (left.length > 0) await docker(['rm', '--force', '--volumes', ...left.map(({ id }) => id)]);
  });
  return stage;
}

export function newKey(): string {
  return randomBytes(6).toString('hex');
}

/** A container of another program: the simulator's image, not started by default. */
export async function foreignContainer(
  name: string,
  args: readonly string[] = [],
): Promise<string> {
  const id = await docker(['create', '--name', name, ...args, simulatorImage()]);
  onScopeEnd(async () => {
    await docker(['rm', '--force', '--volumes', id]);
  });
  return id;
}

/** A running container whose network engines join like that of a VPN. */
export async function vpnSlotOf(over: Partial<VpnSlot> = {}): Promise<VpnSlot> {
  const containerId = await foreignContainer(`e-vpn-${newKey()}`);
  await docker(['start', containerId]);
  const format = '{{.State.StartedAt}} {{.NetworkSettings.Networks.bridge.IPAddress}}';
  const [containerStartedAt = '', host = ''] = (
    await docker(['inspect', '--format', format, containerId])
  ).split(' ');
  const ports = { from: 21_000, to: 21_099 };
  return {
    vpn: 'gluetun',
    containerId,
    containerStartedAt,
    host,
    ports,
    forwardedPort: null,
    ...over,
  };
}
