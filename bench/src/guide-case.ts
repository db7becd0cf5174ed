import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { childMessage } from './children';
import { type StreamCase, type StreamFigure } from './figure-table';
import { GUIDE_CHANNELS, guideChannelId } from './guide-source';
import { type LoadMessage, type LoadPlan, type LoadReport } from './load';
import { residentMb } from './process-usage';
import { type ServerUnderTest, startEngine, startProduct } from './servers';
import { contentId } from './stream-path';
import { type StreamContext } from './stream-options';

const GUIDE_MIB = 512;
const WANTED = 1000;
const MBIT_PER_SECOND = 8;
const STREAMS = 10;
const VIEWERS = 50;
/** Fills the histories of the streams, so that their memory does not grow while it is measured. */
const WARM_MS = 12_000;
const SLACK_MS = 60_000;
const IMPORT_WITHIN_MS = 300_000;
const LOOK_MS = 200;
const MEMORY_GOAL_MB = 60;

interface Window {
  readonly load: LoadReport;
  readonly peakMb: number;
  /** Null without an import. */
  readonly importSeconds: number | null;
}

/** Streams while a guide is imported, and without an import, in turn. @throws Error if it cannot be measured */
export async function guideCase(context: StreamContext): Promise<StreamCase> {
  const { children, options, signal } = context;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'acefleet-bench-guide-'));
  const provider = children.fork('guide-provider', [GUIDE_MIB.toString()]);
  try {
    const port = await childMessage(provider, listeningPort, SLACK_MS, signal);
    const channelsFile = path.join(folder, 'channels.json');
    await writeFile(channelsFile, channelList());
    const enginePort = await startEngine(children, MBIT_PER_SECOND, signal);
    const env = {
      CHANNELS_FILE: channelsFile,
      OUTBOUND_ALLOW: `127.0.0.1:${port}`,
      PROXY_BUFFER_SIZE: '8MiB',
    };
    const setup = { engines: [`127.0.0.1:${enginePort}`], env };
    const product = await startProduct(children, setup, signal);
    const figures: StreamFigure[] = [];
    try {
      const startImport = importer(product, `http://127.0.0.1:${port}/guide.xml`);
      for (let round = 1; round <= options.rounds; round++) {
        process.stderr.write(`guide: round ${round} …\n`);
        const without = await measureWindow(product, context, null);
        const during = await measureWindow(product, context, startImport);
        figures.push(...figuresOf(round, without, during));
      }
    } finally {
      await product.stop();
    }
    return {
      name: 'guide',
      title: `import of a guide of ${GUIDE_MIB} MiB beside ${VIEWERS} viewers of ${STREAMS} streams of ${MBIT_PER_SECOND} Mbit/s`,
      note: `${WANTED} of its ${GUIDE_CHANNELS} channels are in the channel list; each round without an import, then with one`,
      figures,
    };
  } finally {
    await provider.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function figuresOf(round: number, without: Window, during: Window): StreamFigure[] {
  const figure = (
    label: string,
    value: number | null,
    digits = 1,
    limit?: number,
  ): StreamFigure => {
    const plain = { label: `round ${round}: ${label}`, value, digits };
    return limit === undefined ? plain : { ...plain, limit };
  };
  const latency = (when: string, { load }: Window): StreamFigure[] => [
    figure(`${when}: latency p50, ms`, load.viewers.latencyMs.p50),
    figure(`${when}: latency p99, ms`, load.viewers.latencyMs.p99),
    figure(`${when}: latency max, ms`, load.viewers.latencyMs.max),
    figure(`${when}: viewers refused or cut`, load.viewers.failed + load.viewers.cutEarly, 0, 0),
  ];
  return [
    ...latency('no import', without),
    ...latency('import', during),
    figure('no import: memory, MB', without.peakMb, 0),
    figure(
      'import: memory more than without, MB',
      during.peakMb - without.peakMb,
      0,
      MEMORY_GOAL_MB,
    ),
    figure('import: duration, s', during.importSeconds),
  ];
}

/** Runs the viewers; an import begins when they are counted. */
async function measureWindow(
  product: ServerUnderTest,
  { children, options, signal }: StreamContext,
  startImport: (() => Promise<() => Promise<boolean>>) | null,
): Promise<Window> {
  const plan: LoadPlan = {
    ...{ port: product.port, httpVersion: product.httpVersion, serverPids: product.pids },
    ...{ streams: STREAMS, viewers: VIEWERS, rampMs: 1000, holders: 0, aheadMs: 0 },
    ...{ warmMs: WARM_MS, countMs: options.countMs },
  };
  const load = children.fork('load', [JSON.stringify(plan)]);
  try {
    const reported = childMessage(load, report, WARM_MS + options.countMs + SLACK_MS, signal);
    reported.catch(() => undefined);
    await childMessage(load, counting, WARM_MS + SLACK_MS, signal);
    const startedAt = performance.now();
    const isOver = (await startImport?.()) ?? null;
    let importSeconds: number | null = null;
    let peakMb = residentMb(product.pids);
    const deadline = startedAt + (isOver === null ? options.countMs : IMPORT_WITHIN_MS);
    while (importSeconds === null && performance.now() < deadline) {
      await setTimeout(LOOK_MS, undefined, { signal });
      peakMb = Math.max(peakMb, residentMb(product.pids));
      if ((await isOver?.()) === true) importSeconds = (performance.now() - startedAt) / 1000;
    }
    if (isOver !== null && importSeconds === null) throw new Error('the import does not end');
    return { load: await reported, peakMb, importSeconds };
  } finally {
    await load.stop();
  }
}

/** Returns a function that starts an import and returns one that says whether it is over. */
function importer(product: ServerUnderTest, url: string): () => Promise<() => Promise<boolean>> {
  let id: string | null = null;
  return async () => {
    const before = id === null ? null : (await source(product, `/${id}`, 'GET')).checked_at;
    if (id === null) id = (await source(product, '', 'POST', { name: 'bench', url })).id;
    else await source(product, `/${id}/refresh`, 'POST');
    return async () => {
      const state = await source(product, `/${id}`, 'GET');
      if (state.last_error !== null) throw new Error(JSON.stringify(state.last_error));
      return !state.is_refreshing && state.checked_at !== before;
    };
  };
}

interface SourceState {
  readonly id: string;
  readonly is_refreshing: boolean;
  readonly checked_at: string | null;
  readonly last_error: unknown;
}

async function source(
  { port, headers }: ServerUnderTest,
  subPath: string,
  method: string,
  body?: object,
): Promise<SourceState> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/guide/sources${subPath}`, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} of a guide source: ${await answer.text()}`);
  // The answer to a refresh has no body.
  return JSON.parse((await answer.text()) || '{}') as SourceState;
}

function channelList(): string {
  const channels = Array.from({ length: WANTED }, (_, n) => {
    const channel = (n * GUIDE_CHANNELS) / WANTED;
    return {
      ...{ id: `c${n}`, name: `Channel ${n}`, tvg_id: guideChannelId(channel) },
      sources: [{ id: contentId(STREAMS + n) }],
    };
  });
  return JSON.stringify({ channels });
}

function counting(message: unknown): true | null {
  return (message as LoadMessage).type === 'counting' ? true : null;
}

function report(message: unknown): LoadReport | null {
  const received = message as LoadMessage;
  return received.type === 'report' ? received.report : null;
}

function listeningPort(message: unknown): number | null {
  const received = message as { type?: string; port?: number };
  return received.type === 'listening' && received.port !== undefined ? received.port : null;
}
