import { setTimeout } from 'node:timers/promises';
import { type StreamCase } from './figure-table';
import { HlsPlayer } from './hls-player';
import { newMediaTally } from './media-watch';
import { MediaViewer } from './media-viewer';
import { startProduct } from './servers';
import { startSimulatedEngine } from './simulated-engines';
import { playlistPath, streamPath } from './stream-path';
import { type StreamContext } from './stream-options';

const MBIT_PER_SECOND = 4;
const START_MS = 1000;
/** Of the simulated broadcast. */
const GROUP_MS = 1000;
const COLD_GOAL_MS = START_MS + 2 * GROUP_MS + 1000;
const RUN_MS = 10_000;
/** Players that start one after the other, once the first one's request has created the stream's segments. */
const LATER_PLAYERS = 10;

/** Times of one player, ms since its request. */
interface Begin {
  playlistMs: number;
  segmentMs: number;
}

/** Start times of HLS, on running streams and on contents that are not running. @throws Error if a player gets nothing */
export async function hlsStartCase(context: StreamContext): Promise<StreamCase> {
  process.stderr.write('HLS: beginning …\n');
  const warm = await withEngine(5, context, (port) => warmBegins(port, context));
  const burst = await withEngine(5, context, (port) => coldBegins(port, context));
  const plain = await withEngine(0, context, (port) => coldBegins(port, context));
  const first = warm.flatMap(({ first: begin }) => begin);
  const later = warm.flatMap(({ later: begins }) => begins);
  const most = (begins: readonly Begin[], of: (begin: Begin) => number): number =>
    Math.max(...begins.map(of));
  const whole = ({ playlistMs, segmentMs }: Begin): number => Math.max(playlistMs, segmentMs);
  return {
    name: 'hls-start',
    title: `HLS: playlist and first segment together, ${MBIT_PER_SECOND} Mbit/s, ${context.options.rounds} streams each; the slowest`,
    note: `led on, playlist, and the whole of the segment a player begins with; groups of ${GROUP_MS / 1000} s, a start takes ${START_MS / 1000} s`,
    figures: [
      { label: 'running for 10 s, first HLS player, ms', value: most(first, whole), ...GOAL },
      { label: 'running, later players, ms', value: most(later, whole), ...GOAL },
      { label: 'of which until the playlist, ms', value: most(later, (b) => b.playlistMs), ...MS },
      { label: 'cold, engine has a past of 5 s, ms', value: most(burst, whole), ...COLD },
      { label: 'cold, engine has no past, ms', value: most(plain, whole), ...COLD },
    ],
  };
}

const MS = { digits: 1 };
const GOAL = { digits: 1, limit: 50 };
const COLD = { digits: 0, limit: COLD_GOAL_MS };

async function withEngine<T>(
  burstSeconds: number,
  { children, signal }: StreamContext,
  measure: (port: number) => Promise<T>,
): Promise<T> {
  const settings = { mbitPerSecond: MBIT_PER_SECOND, startMs: START_MS, burstSeconds };
  const engine = await startSimulatedEngine(children, settings, signal);
  try {
    const product = await startProduct(children, { engines: [engine.address] }, signal);
    try {
      return await measure(product.port);
    } finally {
      await product.stop();
    }
  } finally {
    await engine.end();
  }
}

async function warmBegins(
  port: number,
  { options, signal }: StreamContext,
): Promise<{ first: Begin; later: Begin[] }[]> {
  const tally = newMediaTally();
  const viewers: MediaViewer[] = [];
  try {
    for (let n = 0; n < options.rounds; n++)
      viewers.push(new MediaViewer(port, streamPath(n), tally));
    while (!viewers.every(({ watch }) => watch.hasMedia)) {
      if (viewers.some(({ isOver }) => isOver)) throw new Error('a stream did not start');
      await setTimeout(20, undefined, { signal });
    }
    await setTimeout(RUN_MS, undefined, { signal });
    const begins = [];
    for (let n = 0; n < options.rounds; n++) {
      const first = await begin(port, n);
      const later: Begin[] = [];
      while (later.length < LATER_PLAYERS) later.push(await begin(port, n));
      begins.push({ first, later });
    }
    return begins;
  } finally {
    for (const viewer of viewers) viewer.close();
  }
}

async function coldBegins(port: number, { options }: StreamContext): Promise<Begin[]> {
  const begins: Begin[] = [];
  for (let n = 0; n < options.rounds; n++) begins.push(await begin(port, n));
  return begins;
}

async function begin(port: number, stream: number): Promise<Begin> {
  const player = new HlsPlayer(port, playlistPath(stream));
  const askedMs = performance.now();
  try {
    const playlist = await player.playlist();
    const playlistMs = performance.now() - askedMs;
    const [address] = player.due(playlist);
    if (address === undefined) throw new Error('a playlist without segments');
    await player.segment(address, () => undefined);
    return { playlistMs, segmentMs: performance.now() - askedMs };
  } finally {
    player.close();
  }
}
