import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type StreamCase, type StreamFigure } from './figure-table';
import { hostileStream } from './hostile-sources';
import { residentMb } from './process-usage';
import { startEngine, startProduct } from './servers';
import { type StreamContext } from './stream-options';
import { watchHls, watchTransportStream } from './stubborn-viewers';

const MBIT_PER_SECOND = 20;
const USUAL_STREAMS = 5;
const HOSTILE_STREAMS = 4;
const LOOK_MS = 250;

const TOTAL_MIB = 64;
const TOTAL_MB = (TOTAL_MIB * 1024 * 1024) / 1e6;
const SLACK_MB = (32 * 1024 * 1024) / 1e6;

/** Memory of many large streams with a small PROXY_BUFFER_TOTAL. @throws Error if it cannot be measured */
export async function memoryCase(context: StreamContext): Promise<StreamCase> {
  const figures = [
    ...(await figuresOf('usual streams', USUAL_STREAMS, 0, context)),
    ...(await figuresOf('hostile streams', 0, HOSTILE_STREAMS, context)),
    ...(await figuresOf('both', USUAL_STREAMS, HOSTILE_STREAMS, context)),
  ];
  return {
    name: 'memory',
    title: `streams of ${MBIT_PER_SECOND} Mbit/s, PROXY_BUFFER_TOTAL ${TOTAL_MIB} MiB`,
    note: `${USUAL_STREAMS} usual streams with an HLS player each, ${HOSTILE_STREAMS} of tables and key frames with a viewer of MPEG-TS and one of HLS each`,
    figures,
  };
}

async function figuresOf(
  label: string,
  usual: number,
  hostile: number,
  { children, options, signal }: StreamContext,
): Promise<StreamFigure[]> {
  process.stderr.write(`memory: ${label} …\n`);
  const enginePort = await startEngine(children, MBIT_PER_SECOND, signal);
  const setup = {
    engines: [`127.0.0.1:${enginePort}`],
    env: { PROXY_BUFFER_TOTAL: `${TOTAL_MIB}MiB` },
  };
  const product = await startProduct(children, setup, signal);
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  setMaxListeners(0, ends);
  const seen = { segments: 0, errors: 0 };
  const sink = {
    onSegment: (): void => {
      seen.segments++;
    },
    onError: (): void => {
      seen.errors++;
    },
  };
  const idleMb = residentMb(product.pids);
  let peakMb = idleMb;
  const watchers = [
    ...Array.from({ length: usual }, (_, n) => watchHls(product.port, n, sink, ends)),
    ...Array.from({ length: hostile }, (_, n) => [
      watchTransportStream(product.port, hostileStream('tables-and-key-frames', n), ends),
      watchHls(product.port, hostileStream('tables-and-key-frames', n), {}, ends),
    ]).flat(),
  ];
  const startedAt = performance.now();
  try {
    while (performance.now() - startedAt < options.countMs) {
      await setTimeout(LOOK_MS, undefined, { signal });
      peakMb = Math.max(peakMb, residentMb(product.pids));
    }
  } finally {
    over.abort();
    await Promise.all(watchers);
    await product.stop();
  }
  const memory = {
    label: `${label}: memory, MB`,
    value: peakMb,
    digits: 0,
    limit: Math.round(idleMb + 1.25 * TOTAL_MB + SLACK_MB),
  };
  if (usual === 0) return [memory];
  return [
    memory,
    { label: `${label}: segments delivered`, value: seen.segments, digits: 0 },
    { label: `${label}: playlists or segments refused`, value: seen.errors, digits: 0 },
  ];
}
