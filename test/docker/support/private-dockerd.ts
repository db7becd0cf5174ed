import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { DaemonProcess } from './daemon-process';
import { docker } from './docker-cli';
import {
  clearRemains,
  freeNetwork,
  FOLDER_PREFIX,
  identityOf,
  makeBridge,
  sweepRemains,
} from './dockerd-remains';

export interface PrivateDockerdOptions {
  /** Some letters, which become part of paths and of the bridge's name. */
  readonly name: string;
  /** Containers outlive the daemon. Not possible together with a Swarm. */
  readonly liveRestore?: boolean;
  /**
   * Networks that are created in it get addresses of a range that nothing else uses. Not for a daemon that is started
   * again: with its own pools and without live-restore, a second start removes docker0, which belongs to another Docker
   * Engine (20.10, initNetworkController).
   */
  readonly takesNetworks?: boolean;
  /** Further options of dockerd. */
  readonly args?: readonly string[];
}

/** Usually about 1 s; longer on a busy machine. */
const BOOT_WITHIN_MS = 60_000;
/** Without live-restore it waits at most 10 s for each of its containers. */
const STOP_WITHIN_MS = 20_000;

/**
 * A Docker Engine of a test's own, which may be stopped, killed and frozen while the machine's own Docker Engine continues:
 *
 *     const daemon = await PrivateDockerd.start({ name: 'e', liveRestore: true });
 *     const tag = simulatorImage({ dockerHost: daemon.dockerHost });
 *     …
 *     await daemon.stop();      // or kill(); or freeze() and later thaw()
 *     await daemon.boot();      // the same one again, with what it had
 *     await daemon.cleanup();   // in afterAll: containers, processes, mounts, bridges, files
 *
 * Needs root. It is up in about a second. This machine reaches containers at their own addresses and at ports that are
 * published on 127.0.0.1; containers do not reach one another where the machine's firewall drops what it forwards, and
 * they do not reach the outside. Networks that are made in it take addresses of its own range, so that nothing collides
 * with the Docker Engine of the machine. What a test that was killed left behind is removed by the next start.
 *
 * For a Swarm make a network docker_gwbridge in it first, with a bridge name of its own: it would take the machine's.
 */
export class PrivateDockerd {
  private isBootedOnce = false;

  private constructor(
    private readonly takesNetworks: boolean,
    private readonly folder: string,
    private readonly containerd: DaemonProcess,
    private readonly dockerd: DaemonProcess,
  ) {}

  /** Starts a daemon; it answers when this resolves. */
  static async start(options: PrivateDockerdOptions): Promise<PrivateDockerd> {
    await sweepRemains();
    const folder = mkdtempSync(`${FOLDER_PREFIX}${options.name}-`);
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('owner'), identityOf(process.pid) ?? '');
    writeFileSync(at('daemon.json'), '{}');
    writeFileSync(at('containerd.toml'), containerdSettings(folder));
    mkdirSync(at('exec'));
    const network = freeNetwork(folder);
    // Never `none`, because dockerd would then remove docker0, which belongs to another Docker Engine.
    const bridge = makeBridge(folder, network);
    // A containerd is started here, because dockerd starts one only where the machine has none.
    const containerd = new DaemonProcess('containerd', ['--config', at('containerd.toml')], folder);
    const dockerd = new DaemonProcess(
      'dockerd',
      [
        ...['--config-file', at('daemon.json')],
        ...['--containerd', at('c.sock')],
        ...['--data-root', at('data')],
        ...['--exec-root', at('exec')],
        ...['--pidfile', at('dockerd.pid')],
        ...['--host', `unix://${at('sock')}`],
        ...['--bridge', bridge],
        ...['--iptables=false', '--ip6tables=false', '--ip-masq=false', '--ip-forward=false'],
        ...(options.takesNetworks === true
          ? ['--default-address-pool', `base=${network}.128.0/17,size=24`]
          : []),
        // A cgroup parent by which remaining processes of killed containers can be found.
        ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', basename(folder)],
        ...(options.liveRestore === true ? ['--live-restore'] : []),
        ...(options.args ?? []),
      ],
      folder,
    );
    const daemon = new PrivateDockerd(options.takesNetworks === true, folder, containerd, dockerd);
    try {
      await daemon.boot();
    } catch (error) {
      await daemon.cleanup();
      throw error;
    }
    return daemon;
  }

  get socketPath(): string {
    return join(this.folder, 'sock');
  }

  /** As in DOCKER_HOST. */
  get dockerHost(): string {
    return `unix://${this.socketPath}`;
  }

  /** Its output so far. */
  get log(): string {
    return this.dockerd.log;
  }

  /** Starts it, also again after `stop` or `kill`; it answers when this resolves. */
  async boot(): Promise<void> {
    if (this.isBootedOnce && this.takesNetworks) throw new Error('see takesNetworks');
    this.isBootedOnce = true;
    await this.containerd.start();
    await this.containerd.upWhen(
      () => Promise.resolve(existsSync(join(this.folder, 'c.sock'))),
      BOOT_WITHIN_MS,
    );
    await this.dockerd.start();
    await this.dockerd.upWhen(() => this.answers(), BOOT_WITHIN_MS);
  }

  /** Stops it with SIGTERM like an operator. Its containers end too, unless it has live-restore. */
  async stop(): Promise<void> {
    await this.dockerd.end('SIGTERM', STOP_WITHIN_MS);
    await this.containerd.end('SIGTERM', STOP_WITHIN_MS);
  }

  /** Sends SIGKILL to it and its containerd. Containers continue to run. */
  async kill(): Promise<void> {
    await this.dockerd.end('SIGKILL', STOP_WITHIN_MS);
    await this.containerd.end('SIGKILL', STOP_WITHIN_MS);
  }

  /** It accepts connections and answers nothing. Its containers continue to run. */
  freeze(): void {
    this.dockerd.signal('SIGSTOP');
  }

  thaw(): void {
    this.dockerd.signal('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.boot();
  }

  /** Removes everything that belongs to it. May be called in any state, and repeatedly. */
  async cleanup(): Promise<void> {
    this.thaw();
    if (this.dockerd.isRunning) await this.removeContainers().catch(() => undefined);
    await this.stop();
    await clearRemains(this.folder);
  }

  private async removeContainers(): Promise<void> {
    const swarm = await docker(['info', '--format', '{{.Swarm.LocalNodeState}}'], this.dockerHost);
    if (swarm !== 'inactive') await docker(['swarm', 'leave', '--force'], this.dockerHost);
    const ids = await docker(['ps', '--all', '--quiet'], this.dockerHost);
    if (ids === '') return;
    await docker(['rm', '--force', '--volumes', ...ids.split('\n')], this.dockerHost);
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const ping = request({ socketPath: this.socketPath, path: '/_ping', timeout: 1000 });
      ping.once('response', (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      ping.once('timeout', () => ping.destroy());
      ping.once('error', () => resolve(false));
      ping.end();
    });
  }
}

function containerdSettings(folder: string): string {
  return [
    'version = 2',
    `root = "${folder}/data-c"`,
    `state = "${folder}/exec-c"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    '[grpc]',
    `address = "${folder}/c.sock"`,
    '[ttrpc]',
    `address = "${folder}/c.sock.ttrpc"`,
    '',
  ].join('\n');
}
