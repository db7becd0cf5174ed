import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, onScopeEnd, openViewer, startProduct, type Viewer } from '../../e2e/support';
import { newContentId, streamPath } from '../../e2e/support/contents';
import { type Product } from '../../e2e/support/product';
import { docker, listContainers, type ListedContainer } from './docker-cli';
import { simulatorImage } from './simulator-image';

const INSTANCE_LABEL = 'dev.acefleet.instance';
/** Time limit for a container, Node.js in it and its first answers, on a busy machine. */
const START_WITHIN_MS = 60_000;

/**
 * Short times, so that a test sees in seconds what takes minutes in production. Deadlines of engines are long, because
 * an engine on a busy machine may be late by seconds.
 */
const SHORT_TIMES: Readonly<Record<string, string>> = {
  ENGINE_DRIVER: 'docker',
  ENGINE_PROBE_INTERVAL: '500ms',
  ENGINE_PROBE_TIMEOUT: '3s',
  AUTOSCALE_INTERVAL: '500ms',
  RECONCILE_INTERVAL: '2s',
  ENGINE_REPLACEMENT_COOLDOWN: '1s',
  ENGINE_RETRY_BASE: '200ms',
  ENGINE_RETRY_MAX: '1s',
  ENGINE_START_TIMEOUT: '50s',
  MIN_REPLICAS: '2',
  MIN_FREE_REPLICAS: '0',
  MAX_REPLICAS: '4',
  ENGINE_MEMORY_LIMIT: '256MiB',
};

export interface FleetStageOptions {
  /** Address of the Docker Engine; left out: the default one. */
  readonly dockerHost?: string;
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Left out: a new folder. */
  readonly dataDir?: string;
  /** Number of healthy engines to wait for; left out: MIN_REPLICAS; 0: none. */
  readonly engines?: number;
}

/** One engine as `GET /engines` shows it. */
export interface ListedEngine {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly state: string;
  readonly streams: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The product with engines in containers. Everything that it created is removed with the test or file that opened it.
 */
export async function openFleet(options: FleetStageOptions = {}): Promise<FleetStage> {
  const { dockerHost, dataDir = makeFolder() } = options;
  const image = options.image ?? simulatorImage({ dockerHost });
  const env: Readonly<Record<string, string>> = {
    ...SHORT_TIMES,
    ENGINE_IMAGE: image,
    DOCKER_HOST: dockerHost ?? process.env['DOCKER_HOST'] ?? '',
    ...options.env,
  };
  const stage = new FleetStage(dataDir, dockerHost, env);
  onScopeEnd(() => stage.removeAll());
  await stage.boot();
  const engines = options.engines ?? Number(env['MIN_REPLICAS']);
  if (engines > 0) await stage.healthy(engines);
  return stage;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-fleet-'));
  onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export class FleetStage {
  product!: Product;
  private readonly contents = new Map<Viewer, string>();

  constructor(
    readonly dataDir: string,
    readonly dockerHost: string | undefined,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Starts the product, also again after its end. */
  async boot(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const options = { dataDir: this.dataDir, env: { ...this.env, ...env }, waitReady: false };
    this.product = await startProduct(options);
  }

  get instance(): string {
    return readFileSync(join(this.dataDir, 'instance'), 'utf8').trim();
  }

  /** Containers with the label of this installation, in any phase. */
  containers(): Promise<ListedContainer[]> {
    return listContainers([`${INSTANCE_LABEL}=${this.instance}`], this.dockerHost);
  }

  async engines(): Promise<ListedEngine[]> {
    return (await this.product.api('GET', '/engines')).body as ListedEngine[];
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests check the shape of answers
  async status(): Promise<any> {
    return (await this.product.api('GET', '/orchestrator/status')).body;
  }

  /** Resolves with the healthy engines when exactly `count` are healthy and there are no others. */
  healthy(count: number, withinMs = START_WITHIN_MS): Promise<ListedEngine[]> {
    return eventually(
      async () => {
        const engines = await this.engines();
        const states = engines.map(({ id, state }) => `${id.slice(0, 12)} ${state}`);
        const isIt = engines.length === count && engines.every(({ state }) => state === 'healthy');
        if (!isIt) throw new Error(states.join(', ') || 'no engine');
        return engines;
      },
      withinMs,
      `${count} healthy engines`,
    );
  }

  /**
   * Asserts what holds after every fault: the containers of this installation are the known engines, all of them run,
   * and their number is the wanted one.
   */
  settled(count: number, withinMs = START_WITHIN_MS): Promise<ListedEngine[]> {
    return eventually(
      async () => {
        const engines = await this.healthy(count, 0);
        const containers = await this.containers();
        const shown = containers.map(({ name, state }) => `${name} ${state}`).join(', ');
        const known = new Set(engines.map(({ id }) => id));
        const isIt =
          containers.length === count &&
          containers.every(({ id, state }) => state === 'running' && known.has(id));
        if (!isIt) throw new Error(`containers: ${shown || 'none'}`);
        return engines;
      },
      withinMs,
      `${count} engines and nothing else`,
    );
  }

  /** A viewer of a new content that has received media. */
  async watch(id: string = newContentId()): Promise<Viewer> {
    const viewer = openViewer(this.product.url(streamPath(id)));
    this.contents.set(viewer, id);
    await viewer.playing(START_WITHIN_MS);
    return viewer;
  }

  /** The engine with the stream of a viewer that `watch` returned. */
  async engineOf(viewer: Viewer): Promise<ListedEngine> {
    const id = this.contents.get(viewer)!;
    return eventually(
      async () => (await this.engines()).find(({ streams }) => streams.includes(id)),
      10_000,
      'an engine with the stream',
    );
  }

  docker(...args: string[]): Promise<string> {
    return docker(args, this.dockerHost);
  }

  /** Signals an engine's own process from outside, not its init. */
  async signal(id: string, signal: NodeJS.Signals): Promise<void> {
    const top = await this.docker('top', id, '-o', 'pid,args');
    const pids = top
      .split('\n')
      .slice(1)
      .filter((line) => /main\.js/.test(line) && !/docker-init|tini/.test(line))
      .map((line) => Number(line.trim().split(/\s+/)[0]));
    if (pids.length === 0) throw new Error(`no engine process in:\n${top}`);
    for (const pid of pids) process.kill(pid, signal);
  }

  /** Ends the product like a crash. */
  async crash(): Promise<void> {
    this.product.kill('SIGKILL');
    await this.product.exit;
  }

  async removeAll(): Promise<void> {
    if (!existsSync(join(this.dataDir, 'instance'))) return;
    const left = await this.containers().catch(() => []);
    if (left.length === 0) return;
    await this.docker('rm', '--force', '--volumes', ...left.map(({ id }) => id));
  }
}
