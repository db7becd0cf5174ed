import { request } from 'node:http';
import fc from 'fast-check';
import {
  API_KEY,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
} from './support';
import { operationsOf, resolve } from './support/openapi-check';

/** JSON of any shape: documents and what is made from their schemas. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- documents of unknown shape
type Json = any;

interface Tried {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
}

const RUNS_PER_OPERATION = 12;
const AT_ONCE = 8;
const ANSWER_MS = 60_000;

/** Text that has broken parsers, paths and queries before. */
const HOSTILE = [
  ...['', ' ', '.', '..', '%', '%00', '%zz', '/', '//', '?', '#', '\\', "'", '"', '<script>'],
  ...['-1', '0', '1', '1e999', '99999999999999999999', 'NaN', 'null', 'true', '[]', '{}'],
  ...['__proto__', 'constructor', 'ünïcode', '💥', '\u202e', 'a'.repeat(600), '0'.repeat(40)],
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ maxLength: 40 }),
  fc.stringMatching(/^[0-9a-f]{40}$/),
  fc.integer().map(String),
);

const anything: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, true, 0, -1, 1e308, [], {}, [[[[]]]]) },
);

/** Values that fit a schema most of the time, and break it in one place or another the rest of the time. */
function valueOf(document: Json, schema: Json, depth = 0): fc.Arbitrary<Json> {
  const {
    type,
    properties,
    items,
    enum: words,
    oneOf,
    minimum,
    maximum,
    example,
  } = resolve(document, schema) ?? {};
  const fitting = (): fc.Arbitrary<Json> => {
    if (words !== undefined) return fc.constantFrom(...words);
    if (oneOf !== undefined && depth < 4) {
      return fc.oneof(...oneOf.map((one: Json) => valueOf(document, one, depth + 1)));
    }
    switch (Array.isArray(type) ? type[0] : type) {
      case 'object':
        return fc.record(
          Object.fromEntries(
            Object.entries<Json>(properties ?? {}).map(([name, of]) => [
              name,
              depth < 4 ? valueOf(document, of, depth + 1) : anything,
            ]),
          ),
          { requiredKeys: [] },
        );
      case 'array':
        return fc.array(depth < 4 ? valueOf(document, items ?? {}, depth + 1) : anything, {
          maxLength: 4,
        });
      case 'integer':
      case 'number':
        return fc.integer({ min: minimum ?? -10, max: maximum ?? 100_000 });
      case 'boolean':
        return fc.boolean();
      default:
        return example === undefined ? text : fc.oneof(text, fc.constant(example));
    }
  };
  return fc.oneof({ weight: 6, arbitrary: fitting() }, { weight: 1, arbitrary: anything });
}

function requestsOf(
  document: Json,
  path: string,
  method: string,
  operation: Json,
): fc.Arbitrary<Tried> {
  const parameters: Json[] = (operation.parameters ?? []).map((one: Json) =>
    resolve(document, one),
  );
  const inPath = parameters.filter((one) => one.in === 'path');
  const inQuery = parameters.filter((one) => one.in === 'query');
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  const known = fc.constantFrom('news', 'kids', 'lists', 'main', '1');
  const body =
    schema === undefined
      ? fc.constant(null)
      : fc.oneof(
          { weight: 9, arbitrary: valueOf(document, schema).map((value) => JSON.stringify(value)) },
          { weight: 1, arbitrary: fc.constantFrom('', '{', '"', '[1,]', '\0') },
        );
  return fc
    .record({
      names: fc.array(fc.oneof(text, known), { minLength: 8, maxLength: 8 }),
      query: fc.record(
        Object.fromEntries(
          inQuery.map((one) => [one.name, valueOf(document, one.schema ?? {}, 3).map(asText)]),
        ),
        { requiredKeys: [] },
      ),
      body,
    })
    .map(({ names, query, body: sent }) => {
      let filled = path;
      inPath.forEach((one, i) => {
        // An empty parameter, or one of dots, would be another path.
        const value = /^\.*$/.test(names[i] ?? '') ? 'x' : (names[i] ?? 'x');
        filled = filled.replace(`{${one.name}}`, encodeURIComponent(value));
      });
      const search = new URLSearchParams(query as Record<string, string>).toString();
      return { method, path: search === '' ? filled : `${filled}?${search}`, body: sent };
    });
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The status of the answer. The body is not read, because it may be a stream. */
function statusOf(port: number, { method, path, body }: Tried): Promise<number> {
  return new Promise((resolveStatus, reject) => {
    const outgoing = request(
      {
        ...{ host: '127.0.0.1', port, method: method.toUpperCase(), path, agent: false },
        signal: AbortSignal.timeout(ANSWER_MS),
        headers: {
          'X-API-Key': API_KEY,
          ...(body === null ? {} : { 'Content-Type': 'application/json' }),
        },
      },
      (incoming) => {
        incoming.on('error', () => undefined);
        incoming.destroy();
        resolveStatus(incoming.statusCode ?? 0);
      },
    );
    outgoing.on('error', (error) => reject(new Error(`${method} ${path}: ${error.message}`)));
    outgoing.end(body ?? undefined);
  });
}

describe('requests made from the documentation of the API', () => {
  let product: Product;
  let document: Json;

  beforeAll(async () => {
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await startProduct({
      engines: [engine],
      env: { PROXY_INIT_TIMEOUT: '2s', PROXY_GRACE_PERIOD: '0s', PREFLIGHT_TIMEOUT: '1s' },
    });
    document = (await product.api('GET', '/openapi.json')).body;
  });

  it('find only documented statuses, and a stream goes on meanwhile', async () => {
    const id = newContentId();
    const channel = { name: 'News', sources: [{ id }] };
    expect((await product.api('PUT', '/api/v1/channels/news', channel)).status).toBe(201);
    expect((await product.api('POST', '/api/v1/profiles', { name: 'kids' })).status).toBe(201);
    const viewer = openViewer(product.url(streamPath(newContentId())));
    await viewer.playing();
    const faults = new Set<string>();
    const waiting = operationsOf(document).flatMap(({ path, method, operation }) => {
      const documented = new Set(Object.keys(operation.responses).map(Number));
      const arbitrary = requestsOf(document, path, method, operation);
      const seed = 20260701;
      return fc
        .sample(arbitrary, { numRuns: RUNS_PER_OPERATION, seed })
        .map((tried) => ({ tried, documented, operation: `${method} ${path}` }));
    });
    expect(waiting.length).toBeGreaterThan(1000);
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const status = await statusOf(product.port, next.tried);
        if (next.documented.has(status)) continue;
        faults.add(`${next.operation}: ${status} for ${JSON.stringify(next.tried).slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect([...faults].sort()).toEqual([]);
    expect((await product.api('GET', '/health/live')).status).toBe(200);
  });
});
