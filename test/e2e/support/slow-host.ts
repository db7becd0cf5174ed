import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exit } from './child';
import { openFarHost, type FarHost } from './netns';
import type { Product } from './product';
import { onScopeEnd } from './scope';
import { StreamAudit } from './stream-audit';

/**
 * A remote host for slow viewers. Between fast hosts the kernels would buffer a megabyte or more per connection;
 * here they buffer about 80 KB, so that unread data soon wait in the product.
 */
export async function openSlowHost(): Promise<FarHost> {
  const far = openFarHost();
  for (const name of ['tcp_rmem', 'tcp_wmem']) {
    const { code } = await far.run('sysctl', ['-w', `net.ipv4.${name}=4096 8192 16384`]).exit;
    if (code !== 0) throw new Error(`net.ipv4.${name} can not be set`);
  }
  // The send buffer grows with the congestion window; only some algorithms respect a fixed window.
  const network = far.hostAddress.replace(/\.\d+$/, '.0/24');
  const [route] = JSON.parse(ip('-j', 'route', 'show', network)) as { dev: string }[];
  if (route === undefined) throw new Error(`no route to ${network}`);
  const limits = ['cwnd', 'lock', '4', 'congctl', 'lock', 'reno'];
  ip('route', 'change', network, 'dev', route.dev, 'src', far.hostAddress, ...limits);
  return far;
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

export interface SlowReader {
  /** curl's exit code when its connection has ended: 0 after FIN, 56 after RST. */
  readonly exit: Promise<Exit>;
  /** What it has received so far. */
  body(): Buffer;
  /** The audit of these bytes; latencies mean nothing. */
  received(): StreamAudit;
}

/** A viewer on another host that reads `path` at `rate`, in curl's notation: `60k` is 60 KiB/s. */
export function readSlowly(far: FarHost, product: Product, path: string, rate: string): SlowReader {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-slow-'));
  onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'body');
  const address = `http://${far.hostAddress}:${product.port}${path}`;
  const curl = far.run('curl', ['-sN', '--limit-rate', rate, '-o', file, address]);
  return {
    exit: curl.exit,
    body: () => readFileSync(file),
    received: () => {
      const audit = new StreamAudit();
      audit.feed(readFileSync(file));
      return audit;
    },
  };
}

/** A viewer on another host that sends its request and never reads a byte of the answer. */
export function neverRead(far: FarHost, product: Product, path: string): void {
  const { hostAddress: host } = far;
  const request = `GET ${path} HTTP/1.1\\r\\nHost: ${host}\\r\\n\\r\\n`;
  const { port } = product;
  far.run('bash', [
    '-c',
    `exec 3<>/dev/tcp/${host}/${port}; printf '${request}' >&3; exec sleep 100`,
  ]);
}
