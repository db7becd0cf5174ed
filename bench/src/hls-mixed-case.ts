import { childMessage } from './children';
import { type EngineSessions } from './engine';
import { type StreamCase } from './figure-table';
import { type HlsLoadMessage, type HlsLoadPlan, type HlsLoadReport } from './hls-load';
import { httpGet } from './http-get';
import { type LoadMessage, type LoadPlan, type LoadReport } from './load';
import { startEngine, startProduct, type ServerUnderTest } from './servers';
import { type StreamContext } from './stream-options';

const MBIT_PER_SECOND = 4;
const EACH = 500;
/** The interval of players between two playlists, so that their requests are spread evenly. */
const HLS_RAMP_MS = 4000;
const TS_RAMP_MS = 1000;
const TS_WARM_MS = 12_000;
const SLACK_MS = 60_000;
const CORE_GOAL_PERCENT = 60;

/** HLS and MPEG-TS viewers of one stream. @throws Error if it cannot be measured */
export async function hlsMixedCase(context: StreamContext): Promise<StreamCase> {
  const { children, options, signal } = context;
  const each = options.viewers ?? EACH;
  process.stderr.write(`HLS and MPEG-TS: ${each} viewers each …\n`);
  const enginePort = await startEngine(children, MBIT_PER_SECOND, signal);
  const product = await startProduct(children, { engines: [`127.0.0.1:${enginePort}`] }, signal);
  try {
    const hlsPlan: HlsLoadPlan = { port: product.port, players: each, rampMs: HLS_RAMP_MS };
    const players = children.fork('hls-load', [JSON.stringify(hlsPlan)]);
    try {
      await childMessage(players, isPlaying, SLACK_MS, signal);
      const load = await tsLoad(product, each, context);
      const reported = childMessage(players, hlsReport, SLACK_MS, signal);
      players.process.send('report');
      const answer = await httpGet(enginePort, '/bench/sessions', { timeoutMs: 5000 });
      return seen(each, load, await reported, JSON.parse(answer.body) as EngineSessions);
    } finally {
      await players.stop();
    }
  } finally {
    await product.stop();
  }
}

async function tsLoad(
  product: ServerUnderTest,
  viewers: number,
  { children, options, signal }: StreamContext,
): Promise<LoadReport> {
  const plan: LoadPlan = {
    ...{ port: product.port, httpVersion: product.httpVersion, streams: 1, viewers },
    ...{ rampMs: TS_RAMP_MS, holders: 0, aheadMs: 0, warmMs: TS_WARM_MS },
    ...{ countMs: options.countMs, serverPids: product.pids },
  };
  const load = children.fork('load', [JSON.stringify(plan)]);
  try {
    const withinMs = plan.warmMs + plan.countMs + SLACK_MS;
    return await childMessage(load, tsReport, withinMs, signal);
  } finally {
    await load.stop();
  }
}

function seen(
  each: number,
  load: LoadReport,
  hls: HlsLoadReport,
  sessions: EngineSessions,
): StreamCase {
  const { viewers } = load;
  const wrong = viewers.lostPackets + viewers.repeatedPackets + viewers.misaligned + hls.misaligned;
  return {
    name: 'hls-mixed',
    title: `${each} HLS and ${each} MPEG-TS viewers of one stream, ${MBIT_PER_SECOND} Mbit/s`,
    note: hls.firstFailure === null ? 'every packet was checked' : `failed: ${hls.firstFailure}`,
    figures: [
      { label: 'engine sessions', value: sessions.opened, digits: 0, limit: 1 },
      {
        label: 'product, % of a core',
        value: (load.serverCpuSeconds / load.seconds) * 100,
        digits: 0,
        limit: CORE_GOAL_PERCENT,
      },
      {
        label: 'MPEG-TS viewers refused or cut',
        value: load.viewers.failed + load.viewers.cutEarly,
        ...ZERO,
      },
      { label: 'HLS requests without a complete answer', value: hls.failed, ...ZERO },
      { label: 'packets wrong', value: wrong + hls.lostPackets + hls.repeatedPackets, ...ZERO },
      { label: 'MPEG-TS latency p99, ms', value: viewers.latencyMs.p99, digits: 0 },
      { label: 'HLS segments fetched', value: hls.segments, digits: 0 },
      { label: 'HLS segment, first to last byte p50, ms', value: hls.segmentMs.p50, digits: 0 },
      { label: 'HLS segment, first to last byte p99, ms', value: hls.segmentMs.p99, digits: 0 },
      { label: 'product, MB', value: load.serverPeakMb, digits: 0 },
    ],
  };
}

const ZERO = { digits: 0, limit: 0 };

function isPlaying(message: unknown): true | null {
  return (message as HlsLoadMessage).type === 'playing' ? true : null;
}

function hlsReport(message: unknown): HlsLoadReport | null {
  const received = message as HlsLoadMessage;
  return received.type === 'report' ? received.report : null;
}

function tsReport(message: unknown): LoadReport | null {
  const received = message as LoadMessage;
  return received.type === 'report' ? received.report : null;
}
