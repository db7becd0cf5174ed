import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onScopeEnd } from '../../e2e/support';
import { docker } from './docker-cli';
import { runCommand } from './long-commands';

const run = promisify(execFile);

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG = 'application/vnd.docker.container.image.v1+json';
/** Docker detects the format of a layer, and also accepts one that is not compressed. */
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const REPOSITORY = 'engine';
const SAVE_WITHIN_MS = 150_000;

/**
 * - `no_manifest`: the image is unknown
 * - `denied`: a login is required
 * - `layer_errors`: layers are answered with 500; Docker tries each several times
 * - `hang`: layers stop after their first tenth, and the connections stay open
 * - `silent`: no answer
 */
export type RegistryFault = 'no_manifest' | 'denied' | 'layer_errors' | 'hang' | 'silent';

interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly type: string;
  readonly file: string;
}

/**
 * Takes an image out of Docker and serves it from a registry, so that it can be pulled from there. Docker needs no
 * certificate for registries at 127.0.0.1. It ends with the test or file that started it.
 * @param image an image that only this test uses; it is removed, because an existing image is not pulled
 */
export async function startRegistry(image: string): Promise<Registry> {
  const registry = new Registry(await takeImage(image));
  await registry.listen();
  onScopeEnd(() => registry.close());
  return registry;
}

async function takeImage(image: string): Promise<readonly Blob[]> {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-registry-'));
  onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
  const archive = join(folder, 'image.tar');
  await runCommand('docker', ['save', '--output', archive, image], { timeoutMs: SAVE_WITHIN_MS });
  await docker(['image', 'rm', image]);
  await run('tar', ['--extract', '--file', archive, '--directory', folder]);
  return readBlobs(folder);
}

async function readBlobs(folder: string): Promise<readonly Blob[]> {
  const [saved] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    Config: string;
    Layers: string[];
  }[];
  const parts = [
    { type: CONFIG, file: join(folder, saved!.Config) },
    ...saved!.Layers.map((name) => ({ type: LAYER, file: join(folder, name) })),
  ];
  return Promise.all(
    parts.map(async ({ type, file }) => {
      const digest = await digestOf(createReadStream(file));
      return { digest, size: statSync(file).size, type, file };
    }),
  );
}

async function digestOf(content: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

/** The part of a registry (API version 2) that `docker pull` uses, with one image. */
export class Registry {
  fault: RegistryFault | null = null;
  /** `GET /v2/…`, oldest first. */
  readonly requests: string[] = [];
  /** Bytes of all layers together. */
  totalBytes = 0;
  private readonly server: Server;
  private blobs: readonly Blob[] = [];
  private manifest = Buffer.alloc(0);
  /** Share of each layer that is sent before the rest must wait. */
  private share = 1;
  private waiting: (() => void)[] = [];

  constructor(blobs: readonly Blob[]) {
    this.serve(blobs);
    this.server = createServer((request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
  }

  /**
   * Lets the tag lead to another image from now on.
   * @param image as of `startRegistry`
   */
  async replaceImage(image: string): Promise<void> {
    this.serve(await takeImage(image));
  }

  private serve(blobs: readonly Blob[]): void {
    this.blobs = blobs;
    const entry = ({ type, size, digest }: Blob) => ({ mediaType: type, size, digest });
    const [config, ...layers] = blobs;
    this.totalBytes = layers.reduce((sum, { size }) => sum + size, 0);
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: entry(config!),
      layers: layers.map(entry),
    };
    this.manifest = Buffer.from(JSON.stringify(manifest));
  }

  /** The reference by which the image is pulled. */
  get reference(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}/${REPOSITORY}:1`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  /** Sends this share of each layer, and the rest when the share is raised; 1, the initial value, sends all. */
  letThrough(share: number): void {
    this.share = share;
    for (const wake of this.waiting.splice(0)) wake();
  }

  async close(): Promise<void> {
    this.letThrough(1);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    if (this.fault === 'silent') return;
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    const [, kind, reference] =
      new RegExp(`^/v2/${REPOSITORY}/(manifests|blobs)/(.+)$`).exec(url) ?? [];
    if (url === '/v2/') this.send(response, 200, {});
    else if (this.fault === 'denied') this.refuse(response, 401, 'UNAUTHORIZED', 'login required');
    else if (kind === 'manifests') this.sendManifest(response, method);
    else {
      const blob = this.blobs.find(({ digest }) => digest === reference);
      if (blob === undefined) this.refuse(response, 404, 'BLOB_UNKNOWN', 'blob unknown');
      else await this.sendBlob(request, response, blob);
    }
  }

  private sendManifest(response: ServerResponse, method: string): void {
    if (this.fault === 'no_manifest') {
      this.refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
      return;
    }
    const digest = `sha256:${createHash('sha256').update(this.manifest).digest('hex')}`;
    const headers = { 'Content-Type': MANIFEST, 'Docker-Content-Digest': digest };
    response.writeHead(200, { ...headers, 'Content-Length': this.manifest.length });
    response.end(method === 'HEAD' ? undefined : this.manifest);
  }

  private async sendBlob(
    { method }: IncomingMessage,
    response: ServerResponse,
    { file, size, type }: Blob,
  ): Promise<void> {
    const isLayer = type === LAYER;
    if (isLayer && this.fault === 'layer_errors') {
      this.refuse(response, 500, 'UNKNOWN', 'disk failed');
      return;
    }
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
    if (method === 'HEAD') {
      response.end();
      return;
    }
    const isCut = isLayer && this.fault === 'hang';
    const end = isCut ? Math.floor(size / 10) : size - 1;
    const content = createReadStream(file, { end });
    await pipeline(isLayer ? this.held(content, size) : content, response, { end: !isCut });
  }

  private held(content: Readable, size: number): Readable {
    const isHeld = (bytes: number): boolean => bytes > this.share * size;
    const change = (): Promise<void> => new Promise((resolve) => this.waiting.push(resolve));
    return Readable.from(
      (async function* () {
        let bytes = 0;
        for await (const chunk of content) {
          bytes += (chunk as Buffer).length;
          while (isHeld(bytes)) await change();
          yield chunk;
        }
      })(),
    );
  }

  private refuse(response: ServerResponse, status: number, code: string, message: string): void {
    if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="registry"');
    this.send(response, status, { errors: [{ code, message }] });
  }

  private send(response: ServerResponse, status: number, body: object): void {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }
}
