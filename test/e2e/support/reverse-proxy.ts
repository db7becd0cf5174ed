import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Product } from './product';
import { temporaryFolder } from './programs';
import { onScopeEnd } from './scope';

/** A typical reverse proxy: it terminates TLS and removes a path prefix, but rewrites nothing. */
export interface ReverseProxy {
  /** `https://127.0.0.1:PORT/PREFIX`. */
  readonly base: string;
  /** Requested paths outside of the prefix. */
  readonly strays: readonly string[];
  /** Sends GET, trusts the proxy's certificate and follows redirects. */
  load(url: string): Promise<{ url: string; status: number; body: Buffer }>;
}

const MAX_REDIRECTS = 3;

/** Starts a proxy with its own certificate. Needs `openssl`. */
export async function startReverseProxy(product: Product, prefix: string): Promise<ReverseProxy> {
  const { key, cert } = makeCertificate();
  const strays: string[] = [];
  const server = createServer({ key, cert }, (incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    if (!url.startsWith(`${prefix}/`)) {
      strays.push(url);
      outgoing.writeHead(404).end();
      return;
    }
    const path = url.slice(prefix.length);
    const target = { port: product.port, host: '127.0.0.1', method, path, headers };
    const onward = httpRequest(target, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.once('close', () => onward.destroy());
    onward.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onScopeEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
  return { base, strays, load: (url) => load(url, cert, MAX_REDIRECTS) };
}

function load(
  url: string,
  ca: Buffer,
  redirects: number,
): Promise<{ url: string; status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    get(url, { ca }, (answer) => {
      const { statusCode = 0, headers } = answer;
      if (statusCode === 302 && redirects > 0) {
        answer.resume();
        const onward = new URL(headers.location!, url).href;
        load(onward, ca, redirects - 1).then(resolve, reject);
        return;
      }
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => resolve({ url, status: statusCode, body: Buffer.concat(pieces) }));
    }).on('error', reject);
  });
}

function makeCertificate(): { key: Buffer; cert: Buffer } {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
