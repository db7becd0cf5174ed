import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { eventually, onScopeEnd } from '../../../e2e/support';
import { docker } from '../docker-cli';
import { dockerInspect, runCommand } from '../long-commands';
import { simulatorImage } from '../simulator-image';

const TAG = 'acefleet-gluetun:test';
const PARTS_LABEL = 'acefleet.test.parts';
const SETTINGS_PORT = 9009;
const BUILD_WITHIN_MS = 150_000;

/** Settings of a stand-in; `stand-in.mjs` explains each. */
export interface GluetunSettings {
  readonly status?: 'starting' | 'running' | 'stopping' | 'stopped' | 'crashed';
  readonly port?: number;
  readonly publicIp?: string;
  readonly healthy?: boolean;
  readonly apiKey?: string | null;
  readonly delayMs?: number;
}

/** Built once for all files. */
export async function gluetunImage(): Promise<string> {
  const base = simulatorImage();
  const id = (await dockerInspect(base)).Id as string;
  const parts = createHash('sha256').update(id);
  for (const name of ['Dockerfile', 'stand-in.mjs'])
    parts.update(readFileSync(join(__dirname, name)));
  const digest = parts.digest('hex');
  const format = `{{index .Config.Labels "${PARTS_LABEL}"}}`;
  const present = await docker(['image', 'inspect', '--format', format, TAG]).catch(() => '');
  if (present === digest) return TAG;
  const label = `${PARTS_LABEL}=${digest}`;
  const words = ['build', '--quiet', '--tag', TAG, '--build-arg', `BASE=${base}`, '--label', label];
  const before = await docker(['image', 'inspect', '--format', '{{.Id}}', TAG]).catch(() => null);
  await runCommand('docker', [...words, __dirname], { timeoutMs: BUILD_WITHIN_MS });
  // It cannot be removed while a container uses it.
  if (before !== null) await docker(['image', 'rm', before]).catch(() => undefined);
  return TAG;
}

/**
 * A network for stand-ins. It is removed with the test or file that created it, after everything that was started in
 * it.
 */
export async function makeVpnNetwork(name: string): Promise<string> {
  await docker(['network', 'create', name]);
  onScopeEnd(() => docker(['network', 'rm', name]).then(() => undefined));
  return name;
}

/** Starts a container that acts as Gluetun. It is removed with the test or file that started it. */
export async function startGluetun(
  name: string,
  network: string,
  settings: GluetunSettings = {},
): Promise<GluetunStandIn> {
  const image = await gluetunImage();
  const standIn = new GluetunStandIn(name, network);
  await standIn.remove();
  onScopeEnd(() => standIn.remove());
  const words = [
    '--name',
    name,
    '--network',
    network,
    '--env',
    `SETTINGS=${JSON.stringify(settings)}`,
  ];
  await docker(['run', '--detach', ...words, '--env', 'VPN_SERVICE_PROVIDER=stand-in', image]);
  return standIn;
}

export class GluetunStandIn {
  constructor(
    readonly name: string,
    private readonly network: string,
  ) {}

  async address(): Promise<string> {
    const { NetworkSettings } = await dockerInspect(this.name);
    return NetworkSettings.Networks[this.network].IPAddress as string;
  }

  /** Waits until Docker's health check reports this state. */
  async becomes(health: 'healthy' | 'unhealthy'): Promise<void> {
    await eventually(
      async () => (await dockerInspect(this.name)).State.Health.Status === health,
      60_000,
      `${this.name} is ${health}`,
    );
  }

  /** The stand-in listens shortly after its start. */
  async set(settings: GluetunSettings): Promise<void> {
    const body = JSON.stringify(settings);
    await eventually(() => this.call('/settings', { method: 'PUT', body }), 30_000, 'its settings');
  }

  async asked(): Promise<{ readonly route: string; readonly key: string | null }[]> {
    return JSON.parse(await this.call('/asked')) as { route: string; key: string | null }[];
  }

  restart(): Promise<string> {
    return docker(['restart', this.name]);
  }

  stop(): Promise<string> {
    return docker(['stop', this.name]);
  }

  start(): Promise<string> {
    return docker(['start', this.name]);
  }

  async remove(): Promise<void> {
    await docker(['rm', '--force', '--volumes', this.name]).catch(() => undefined);
  }

  private async call(path: string, init: RequestInit = {}): Promise<string> {
    const url = `http://${await this.address()}:${SETTINGS_PORT}${path}`;
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5000) });
    return response.text();
  }
}
