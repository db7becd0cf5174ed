import { endWithParent } from './child-side';
import { Histogram } from './histogram';
import { HlsPlayer } from './hls-player';
import { PacketChecker } from './packet-checker';
import { playlistPath } from './stream-path';
import { type Quantiles, quantiles, ViewerTally } from './viewer-tally';

/**
 * HLS players in their own process. The benchmark starts it with a plan as JSON in its first argument. It sends
 * `playing` once each player has a segment, and answers any message with its report.
 */

export interface HlsLoadPlan {
  port: number;
  players: number;
  /** Time over which the players start. */
  rampMs: number;
}

/** Results from the beginning on. */
export interface HlsLoadReport {
  playlists: number;
  segments: number;
  bytes: number;
  /** Requests without a valid and complete response. */
  failed: number;
  lostPackets: number;
  repeatedPackets: number;
  misaligned: number;
  segmentMs: Quantiles;
  ownCpuSeconds: number;
  firstFailure: string | null;
}

export type HlsLoadMessage = { type: 'playing' } | { type: 'report'; report: HlsLoadReport };

const RETRY_MS = 1000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const tally = new ViewerTally();
const segmentMs = new Histogram();
let playlists = 0;
let segments = 0;
let failed = 0;
let playing = 0;
let firstFailure: string | null = null;

async function play(plan: HlsLoadPlan, index: number): Promise<never> {
  await pause((index * plan.rampMs) / plan.players);
  const player = new HlsPlayer(plan.port, playlistPath(0));
  const checker = new PacketChecker(tally);
  const sink = (bytes: Buffer, start: number, end: number): void => {
    tally.bytes += end - start;
    checker.read(bytes, start, end);
  };
  let isPlaying = false;
  for (;;) {
    const askedMs = performance.now();
    let waitMs = RETRY_MS;
    try {
      const playlist = await player.playlist();
      playlists++;
      waitMs = playlist.targetMs / 2;
      for (const address of player.due(playlist)) {
        const beganMs = performance.now();
        await player.segment(address, sink);
        segmentMs.add(performance.now() - beganMs);
        segments++;
      }
      if (!isPlaying) reportPlaying(plan);
      isPlaying = true;
    } catch (error) {
      failed++;
      firstFailure ??= error instanceof Error ? error.message : String(error);
    }
    await pause(Math.max(0, askedMs + waitMs - performance.now()));
  }
}

function reportPlaying(plan: HlsLoadPlan): void {
  playing++;
  if (playing === plan.players) process.send?.({ type: 'playing' } satisfies HlsLoadMessage);
}

function report(): HlsLoadReport {
  const { bytes, lostPackets, repeatedPackets, misaligned } = tally;
  const { user, system } = process.cpuUsage();
  return {
    ...{ playlists, segments, bytes, failed, lostPackets, repeatedPackets, misaligned },
    segmentMs: quantiles(segmentMs),
    ownCpuSeconds: (user + system) / 1e6,
    firstFailure,
  };
}

endWithParent();
const plan = JSON.parse(process.argv[2] ?? '{}') as HlsLoadPlan;
process.on('message', () => {
  process.send?.({ type: 'report', report: report() } satisfies HlsLoadMessage);
});
for (let index = 0; index < plan.players; index++) void play(plan, index);
