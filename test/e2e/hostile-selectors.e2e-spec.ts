import fc from 'fast-check';
import {
  eventually,
  openViewer,
  startProduct,
  startSimulator,
  type Product,
  type Simulator,
} from './support';

/** A request of a client, and its expected effect. */
interface Attempt {
  readonly target: string;
  /**
   * Requests to an engine that it may cause, without the player id; null: none. Several where HTTP does not define one
   * answer.
   */
  readonly readings: readonly (string | null)[];
}

const HEX = Array.from('0123456789abcdef');
/** An id that begins like the simulator's infohashes is treated as one, and requested in both forms. */
const hexId = fc
  .string({ unit: fc.constantFrom(...HEX), minLength: 40, maxLength: 40 })
  .filter((id) => !id.startsWith('ace0'));

/** Valid and invalid ways to write an id. */
const idText = fc.oneof(
  { weight: 3, arbitrary: hexId },
  { weight: 2, arbitrary: hexId.map((id) => id.toUpperCase()) },
  { weight: 1, arbitrary: hexId.map((id) => `acestream://${id}`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', ' ', '\r\n', '\t', 'ACEstream://', ' acestream://'),
        hexId,
        fc.constantFrom('', '/', ' ', '\r', '/\r\n', '|', '|User-Agent=x', '|a=b&c=http://d/?id=e'),
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        hexId,
        fc.nat(40),
        fc.constantFrom(
          ...['&', '#', '?', '/', ' ', '\r\n', '\0', '%', '%26', '%0d%0a', '%00', '..', ';', '+'],
          ...['&id=', '&url=http://evil/', '\r\nHost: evil', ' HTTP/1.1\r\n', '\u2028', 'é', '０'],
        ),
      )
      .map(([id, at, poison]) => id.slice(0, at) + poison + id.slice(at)),
  },
  { weight: 1, arbitrary: hexId.map((id) => id.slice(1)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
);

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('id', 'content_id', 'infohash') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...['_idx', 'pid', 'sid', 'format', 'use_api_events', 'ID', 'id[]', 'id[0]', 'id.x', ' id'],
      ...['__proto__', 'constructor', 'toString', 'method', 'url', 'magnet', 'channel', 'i%64', ''],
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 10 }) },
);

/** A lone surrogate cannot be encoded. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '?'));
}

/** How a text is written into a query: encoded once, twice, every byte, or unencoded as far as HTTP allows. */
const WRITINGS: readonly ((text: string) => string)[] = [
  encode,
  encode,
  (text) => encode(encode(text)),
  (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  (text) => text.replace(/[^\x21-\x7e]/g, (character) => encode(character)),
];
const writing = fc.constantFrom(...WRITINGS);
const value = fc.oneof(
  { weight: 5, arbitrary: idText },
  { weight: 1, arbitrary: fc.constantFrom('0', '1', '007', '-1', '1e3', 'JSON', '', '99999') },
);
const pair = fc
  .tuple(name, value, writing, fc.boolean())
  .map(([key, text, write, bare]) => (bare ? key : encode(key)) + '=' + write(text))
  .map((text) => text.replace(/[^\x21-\x7e]/g, (character) => encode(character)));

const query = fc
  .array(fc.tuple(pair, fc.constantFrom('&', '&', '&', '&&', ';', '&amp;', '?')), {
    minLength: 1,
    maxLength: 4,
  })
  .map((pairs) => pairs.map(([text, join], index) => (index === 0 ? '' : join) + text).join(''));

const attempt: fc.Arbitrary<Attempt> = fc
  .oneof(
    { weight: 5, arbitrary: query.map((text) => `/ace/getstream?${text}`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          idText,
          writing,
          fc.constantFrom('', '.ts', '.TS', '/', '//', '/x', '.ts.ts', '.ts|Referer=http://x/?y'),
        )
        .map(([id, write, end]) => `/ace/getstream/${write(id)}${end}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          query,
          fc.constantFrom(
            ...['/ace//getstream', '//ace/getstream/', '/ace/getstream%20', '/ace/%67etstream'],
            ...['/ACE/getstream', '/x/ace/getstream', '/ace/../ace/getstream', '/ace/getstream;x'],
          ),
        )
        .map(([text, path]) => `${path}?${text}`),
    },
  )
  .map((text) => text.replace(/[^\x21-\x7e]/g, (character) => encode(character)))
  // Clients send no fragments; a server may ignore one or treat it as text.
  .map((target) => ({
    target,
    readings: [...new Set([startOf(target), startOf(target.split('#', 1)[0]!)])],
  }));

/** A second implementation of the grammar in docs/streams.md. */
function startOf(target: string): string | null {
  const [beforeQuery = '', ...rest] = target.split('?');
  const [path = '', bar] = beforeQuery.split('#', 1)[0]!.split(/(\||%7c)/i);
  const segments = path
    .split('/')
    .map((segment) => segment.replace(/^(%20|%09|%0a|%0d)+|(%20|%09|%0a|%0d)+$/gi, ''))
    .filter((segment) => segment !== '' && !/^acestream(:|%3a)$/i.test(segment));
  const [root, verb = '', inPath, ...more] = segments;
  if (root !== 'ace' || !/^(?:getstream|%67etstream)$/.test(verb) || more.length > 0) return null;
  const text = bar === undefined ? withoutHeaders(rest.join('?')) : '';
  if (/%(?![0-9a-f]{2})/i.test(text)) return null;
  const pairs = [...new URLSearchParams(text)].map(([key, value]) => [key, value.trim()]);
  if (inPath !== undefined) {
    try {
      pairs.push(['id', decodeURIComponent(inPath).trim().replace(/\.ts$/i, '')]);
    } catch {
      return null;
    }
  }
  const selectors = pairs.filter(([key]) =>
    ['id', 'content_id', 'infohash', 'url', 'magnet', 'channel'].includes(key!),
  );
  const [kind, given] = selectors[0] ?? [];
  const [beforeBar = ''] = (given ?? '').split('|', 1);
  const id = /^(?:acestream:\/\/)?([0-9a-f]{40})\/*$/i.exec(beforeBar.trim())?.[1]?.toLowerCase();
  const isRefused = kind === 'url' || kind === 'magnet' || kind === 'channel';
  if (selectors.length !== 1 || id === undefined || isRefused) return null;
  const indices = pairs.filter(([key]) => key === '_idx').map(([, index]) => index);
  if (indices.length > 1 || !/^\d{1,4}$/.test(indices[0] ?? '0')) return null;
  const index = Number(indices[0] ?? 0) === 0 ? '' : `&_idx=${Number(indices[0])}`;
  return `${kind === 'infohash' ? 'infohash' : 'id'}=${id}${index}`;
}

/** A query without the headers that players append. Only an address may contain an escaped bar. */
function withoutHeaders(query: string): string {
  const kept: string[] = [];
  for (const pair of query.split('&')) {
    const isAddress = /^(?:url|magnet)=/.test(pair);
    const [before = '', bar] = pair.split(
      isAddress ? /(\|)[\w-]+(?:=|%3d)/i : /(\||%7c)[\w-]+(?:=|%3d)/i,
    );
    kept.push(before);
    if (bar !== undefined) return kept.join('&');
  }
  return kept.join('&').replace(/(?:\||%7c)$/i, '');
}

/** All forms of requests that may reach an engine, apart from the values in them. */
const CANONICAL: readonly RegExp[] = [
  /^\/server\/api\?api_version=3&method=get_network_connection_status$/,
  /^\/ace\/getstream\?format=json&(?:id|infohash)=[0-9a-f]{40}(?:&_idx=[1-9]\d{0,3})?(?:&(?:preferred_audio_language=[a-z]{2,3}|transcode_(?:ac3|audio|mp3)=1))*&pid=[A-Za-z0-9-]{1,64}$/,
  /^\/webui\/api\/service\?method=get_version(?:&format=json)?$/,
  /^\/ace\/(?:r|m|stat|cmd)\/[0-9a-f]{40}\/[0-9a-f]+(?:\?method=stop)?$/,
  /^\/(?:ace\/c|content)\/[0-9a-f]{40}\/[0-9a-z.]+$/,
];
/** No header of a client reaches an engine. */
const OWN_FIELDS = new Set(['host', 'accept', 'accept-encoding', 'connection', 'user-agent']);
const MARK = 'x-caller-mark';

describe('any request reaches an engine in one canonical form or not at all', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_GRACE_PERIOD: '0s',
        MAX_STREAMS_PER_ENGINE: '1000',
        PROXY_MAX_SESSIONS: '1000',
        LOG_LEVEL: 'info',
      },
    });
  });

  async function statusOf(target: string, method: string): Promise<number> {
    const viewer = openViewer(
      { port: product.port, path: target },
      { method, headers: { [MARK]: 'mine', 'User-Agent': 'caller-mark' } },
    );
    try {
      return await viewer.status();
    } finally {
      viewer.destroy();
    }
  }

  function expectFitting(answer: Attempt & { readonly status: number }): void {
    const { readings, status } = answer;
    const fits = readings.some((start) =>
      start === null ? [400, 403, 404].includes(status) : status === 200,
    );
    if (!fits) expect(answer).toBe('is refused with 4xx, or plays');
  }

  async function expectCanonical(): Promise<string[]> {
    const journal = await engine.journal();
    for (const { method, url, headers } of journal) {
      expect(method).toBe('GET');
      if (!CANONICAL.some((form) => form.test(url))) expect(url).toBe('a canonical form');
      expect(Object.keys(headers).filter((field) => !OWN_FIELDS.has(field))).toEqual([]);
      expect(JSON.stringify(headers)).not.toContain('caller-mark');
    }
    return journal
      .map(({ url }) => /^\/ace\/getstream\?format=json&(.*)&pid=[^&]+$/.exec(url)?.[1])
      .filter((start) => start !== undefined);
  }

  it('hundreds of strings, queries, duplicates, arrays and encodings', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { minLength: 12, maxLength: 12 }), async (attempts) => {
        await engine.clear();
        const answers = await Promise.all(
          attempts.map(async (one) => ({ ...one, status: await statusOf(one.target, 'GET') })),
        );
        answers.forEach(expectFitting);
        const starts = await expectCanonical();
        const played = answers.filter(({ status }) => status === 200);
        const isStarted = (start: string | null): boolean => starts.includes(start ?? '');
        expect(played.filter(({ readings }) => !readings.some(isStarted))).toEqual([]);
        const known = played.flatMap(({ readings }) => readings);
        expect(starts.filter((start) => !known.includes(start))).toEqual([]);
        expect(new Set(starts).size).toBe(starts.length);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it('the same with HEAD never reaches an engine, and is 200 or refused', async () => {
    await engine.clear();
    await fc.assert(
      fc.asyncProperty(attempt, async (one) => {
        expectFitting({ ...one, status: await statusOf(one.target, 'HEAD') });
      }),
      { numRuns: 150, endOnFailure: true },
    );
    expect(await expectCanonical()).toEqual([]);
  });

  it('leaves no session behind', async () => {
    await eventually(async () => (await product.sessionCount()) === 0, 30_000);
    await eventually(async () => (await engine.counters())['sessions_open'] === 0, 30_000);
  });
});
