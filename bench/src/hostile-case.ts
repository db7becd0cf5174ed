import { setTimeout } from 'node:timers/promises';
import { ControlProbe } from './control-probe';
import { type StreamCase, type StreamFigure } from './figure-table';
import {
  HOSTILE_KINDS,
  HOSTILE_MBIT_PER_SECOND,
  type HostileKind,
  hostileStream,
} from './hostile-sources';
import { type Playlist } from './hls-player';
import { newMediaTally } from './media-watch';
import { MediaViewer } from './media-viewer';
import { cpuSeconds, residentMb } from './process-usage';
import { startEngine, startProduct, type ServerUnderTest } from './servers';
import { streamPath } from './stream-path';
import { type StreamContext } from './stream-options';
import { watchHls, watchTransportStream } from './stubborn-viewers';

const MBIT_PER_SECOND = 8;
const HOSTILE_STREAMS = 2;
const HEALTHY_STREAM = 0;
const SETTLE_MS = 3000;
const LOOK_MS = 250;

const RING_MIB = 64;
const RING_MB = (RING_MIB * 1024 * 1024) / 1e6;
const SLACK_MB = (32 * 1024 * 1024) / 1e6;
const HEALTH_GOAL_MS = 200;
const GAP_GOAL_MS = 1000;
const PLAYLIST_GOAL_KB = 200;

/** The effects of one kind of content on a healthy viewer, a health check and the machine. */
interface HostileEffects {
  healthP99Ms: number | null;
  healthFailed: number;
  longestGapMs: number;
  disconnects: number;
  largestPlaylistBytes: number;
  peakMb: number;
  idleMb: number;
  cpuPercent: number;
}

/** Two hostile contents of each kind next to a normal one. @throws Error if it cannot be measured */
export async function hostileCase(context: StreamContext): Promise<StreamCase> {
  const figures: StreamFigure[] = [];
  for (const kind of HOSTILE_KINDS) {
    process.stderr.write(`hostile content: ${kind} …\n`);
    figures.push(...figuresOf(kind, await measureEffects(kind, context)));
    if (context.signal.aborted) break;
  }
  return {
    name: 'hostile',
    title: `${HOSTILE_STREAMS} hostile streams of ${HOSTILE_MBIT_PER_SECOND} Mbit/s beside one of ${MBIT_PER_SECOND} Mbit/s, PROXY_BUFFER_TOTAL ${RING_MIB} MiB`,
    note: 'each hostile stream has a viewer of MPEG-TS and one of HLS, who open it again whenever it ends',
    figures,
  };
}

function figuresOf(kind: HostileKind, effects: HostileEffects): StreamFigure[] {
  const line = (label: string, value: number | null, limit?: number): StreamFigure => {
    const figure = { label: `${kind}: ${label}`, value, digits: 0 };
    return limit === undefined ? figure : { ...figure, limit };
  };
  return [
    line('/health/live p99, ms', effects.healthP99Ms, HEALTH_GOAL_MS),
    line('health checks without an answer', effects.healthFailed, 0),
    line('healthy viewer, longest gap, ms', effects.longestGapMs, GAP_GOAL_MS),
    line('healthy viewer, disconnects', effects.disconnects, 0),
    line('largest playlist, kB', effects.largestPlaylistBytes / 1000, PLAYLIST_GOAL_KB),
    line('memory, MB', effects.peakMb, Math.round(effects.idleMb + 1.25 * RING_MB + SLACK_MB)),
    line('product, % of a core', effects.cpuPercent),
  ];
}

async function measureEffects(kind: HostileKind, context: StreamContext): Promise<HostileEffects> {
  const { children, signal } = context;
  const enginePort = await startEngine(children, MBIT_PER_SECOND, signal);
  const setup = {
    engines: [`127.0.0.1:${enginePort}`],
    env: { PROXY_BUFFER_TOTAL: `${RING_MIB}MiB` },
  };
  const product = await startProduct(children, setup, signal);
  try {
    return await watch(kind, product, context);
  } finally {
    await product.stop();
  }
}

async function watch(
  kind: HostileKind,
  product: ServerUnderTest,
  { options, signal }: StreamContext,
): Promise<HostileEffects> {
  const idleMb = residentMb(product.pids);
  const healthy = new MediaViewer(product.port, streamPath(HEALTHY_STREAM), newMediaTally());
  await setTimeout(SETTLE_MS, undefined, { signal });
  healthy.watch.mark();
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  let largestPlaylistBytes = 0;
  const onPlaylist = ({ bytes }: Playlist): void => {
    largestPlaylistBytes = Math.max(largestPlaylistBytes, bytes);
  };
  const streams = Array.from({ length: HOSTILE_STREAMS }, (_, n) => hostileStream(kind, n));
  const players = streams.flatMap((stream) => [
    watchTransportStream(product.port, stream, ends),
    watchHls(product.port, stream, { onPlaylist }, ends),
  ]);
  const probe = new ControlProbe(product, '/health/live');
  const startedAt = performance.now();
  const cpuBefore = cpuSeconds(product.pids);
  let peakMb = idleMb;
  try {
    while (performance.now() - startedAt < options.countMs) {
      await setTimeout(LOOK_MS, undefined, { signal });
      peakMb = Math.max(peakMb, residentMb(product.pids));
    }
  } finally {
    probe.stop();
    over.abort();
    await Promise.all(players);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuPercent = ((cpuSeconds(product.pids) - cpuBefore) / seconds) * 100;
  const longestGapMs = healthy.watch.silenceMs(performance.now());
  const disconnects = healthy.isOver ? 1 : 0;
  healthy.close();
  const health = await probe.report();
  return {
    ...{ healthP99Ms: health.answerMs.p99, healthFailed: health.failed, longestGapMs },
    ...{ disconnects, largestPlaylistBytes, peakMb, idleMb, cpuPercent },
  };
}
