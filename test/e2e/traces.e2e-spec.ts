import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
} from './support';
import { keepModuleJournal } from './support/loaded-packages';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number };
}

interface Received {
  readonly path: string;
  readonly resource: string;
  readonly spans: readonly OtlpSpan[];
}

/** A receiver of traces over OTLP/HTTP with JSON. */
async function startReceiver(): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        resourceSpans: { resource: unknown; scopeSpans: { spans: OtlpSpan[] }[] }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        received.push({
          path: request.url ?? '',
          resource: JSON.stringify(resource),
          spans: scopeSpans.flatMap(({ spans }) => spans),
        });
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onScopeEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const PACKAGES = ['@opentelemetry/sdk-trace-base', '@opentelemetry/exporter-trace-otlp-http'];

describe('traces', () => {
  it('of a start reach the receiver of OTEL_EXPORTER_OTLP_ENDPOINT', async () => {
    const { url, received } = await startReceiver();
    const engine = await startSimulator({ startDelayMs: 50, bitrateMbps: 1 });
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
      OTEL_SERVICE_NAME: 'tv',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    const product = await startProduct({ engines: [engine], env });
    const beganMs = Date.now();
    await openViewer(product.url(streamPath(newContentId()))).playing();
    const [{ path, resource, spans }] = (await eventually(
      () => received.length > 0 && received,
    )) as [Received];
    expect(path).toBe('/v1/traces');
    expect(resource).toContain('"tv"');
    expect(resource).toContain('service.version');
    const root = spans.find(({ parentSpanId }) => !parentSpanId)!;
    const attempt = spans.find(({ name }) => name === 'attempt')!;
    const childrenOf = ({ spanId }: OtlpSpan): string[] =>
      spans.filter(({ parentSpanId }) => parentSpanId === spanId).map(({ name }) => name);
    expect(root.name).toBe('stream start');
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(childrenOf(root).sort()).toEqual(['attempt', 'wait for slot']);
    expect(childrenOf(attempt)).toEqual([
      'engine handshake',
      'first byte',
      'first random access point',
    ]);
    const ms = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1_000_000n);
    expect(ms(root.startTimeUnixNano)).toBeGreaterThanOrEqual(beganMs - 1000);
    expect(ms(root.endTimeUnixNano)).toBeLessThanOrEqual(Date.now() + 1000);
    const lastsMs = ms(root.endTimeUnixNano) - ms(root.startTimeUnixNano);
    expect(lastsMs).toBeGreaterThanOrEqual(45);
    expect(spans.filter(({ status }) => status.code === 2)).toEqual([]);
  });

  it('are not recorded, and OpenTelemetry is not loaded, without it', async () => {
    const journal = keepModuleJournal();
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    const product = await startProduct({ engines: [engine], env: journal.env });
    await openViewer(product.url(streamPath(newContentId()))).playing();
    const loaded = await journal.loaded(product);
    expect(PACKAGES.filter((name) => loaded.has(name))).toEqual([]);
    expect(loaded.has('tracing/otlp/otlp-traces.js')).toBe(false);
    expect(loaded.has('tracing/tracing.module.js')).toBe(true);
  });
});
