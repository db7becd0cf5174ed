import { setTimeout } from 'node:timers/promises';
import { type BenchCase, type Measurement, type RingReport } from './cases';
import { type Children, childMessage } from './children';
import { ControlProbe } from './control-probe';
import { httpGet } from './http-get';
import { type LoadMessage, type LoadPlan, type LoadReport } from './load';
import { type BenchOptions } from './options';
import { residentMb } from './process-usage';
import { type ServerName, type ServerUnderTest, startServer } from './servers';

const SETTLE_MS = 1000;
const COUNT_MS = { full: 10_000, quick: 4000 };
/** In addition to the plan's own times: for starting viewers and for a busy machine. */
const SLACK_MS = 60_000;

/** Options that the runs of a benchmark share. */
export interface BenchContext {
  children: Children;
  enginePort: number;
  options: BenchOptions;
  signal: AbortSignal;
}

/** Starts the server, runs the viewers of the case, ends the server. @throws Error if one fails */
export async function runCase(
  benchCase: BenchCase,
  name: ServerName,
  context: BenchContext,
): Promise<Measurement> {
  const server = await startServer(
    name,
    context.children,
    context.enginePort,
    context.options.against,
    context.signal,
  );
  try {
    await setTimeout(SETTLE_MS, undefined, { signal: context.signal });
    const idleMb = residentMb(server.pids);
    return { idleMb, ...(await watch(benchCase, server, context)) };
  } finally {
    await server.stop();
  }
}

async function watch(
  benchCase: BenchCase,
  server: ServerUnderTest,
  context: BenchContext,
): Promise<Omit<Measurement, 'idleMb'>> {
  const plan = loadPlan(benchCase, server, context.options);
  const load = context.children.fork('load', [JSON.stringify(plan)]);
  try {
    const beforeMs = plan.aheadMs + plan.warmMs + SLACK_MS;
    const reported = childMessage(load, report, beforeMs + plan.countMs, context.signal);
    // Awaited below; a failure before that must not count as unhandled.
    reported.catch(() => undefined);
    await childMessage(load, counting, beforeMs, context.signal);
    const probe = benchCase.control && server.name !== 'other' ? new ControlProbe(server) : null;
    const ringLater = ringAfter(server, plan.countMs / 2, context.signal);
    const measured = await reported.finally(() => probe?.stop());
    return { load: measured, ring: await ringLater, control: (await probe?.report()) ?? null };
  } finally {
    await load.stop();
  }
}

function loadPlan(benchCase: BenchCase, server: ServerUnderTest, options: BenchOptions): LoadPlan {
  const pick = options.quick ? 1 : 0;
  return {
    port: server.port,
    httpVersion: server.httpVersion,
    streams: benchCase.streams,
    viewers: benchCase.viewers,
    rampMs: benchCase.rampMs,
    holders: benchCase.holders,
    aheadMs: benchCase.aheadMs[pick],
    warmMs: benchCase.warmMs[pick],
    countMs: options.durationMs ?? (options.quick ? COUNT_MS.quick : COUNT_MS.full),
    serverPids: server.pids,
  };
}

/**
 * The ring buffers of all sessions together, requested once while viewers watch; null if the server has no such
 * list.
 */
async function ringAfter(
  server: ServerUnderTest,
  ms: number,
  signal: AbortSignal,
): Promise<RingReport | null> {
  if (server.name !== 'product') return null;
  const path = '/api/v1/proxy/sessions';
  try {
    await setTimeout(ms, undefined, { signal });
    const answer = await httpGet(server.port, path, { headers: server.headers, timeoutMs: 5000 });
    return ringOf(JSON.parse(answer.body));
  } catch {
    return null;
  }
}

/** Parses `sessions[].buffer` of the session list. */
export function ringOf(body: unknown): RingReport | null {
  const { sessions } = body as { sessions?: { buffer?: Partial<RingReport> }[] };
  const buffers = (sessions ?? []).flatMap(({ buffer }) => buffer ?? []);
  if (buffers.length === 0) return null;
  return {
    bytes: buffers.reduce((sum, buffer) => sum + (buffer.bytes ?? 0), 0),
    seconds: Math.max(...buffers.map((buffer) => buffer.seconds ?? 0)),
  };
}

function counting(message: unknown): true | null {
  return (message as LoadMessage).type === 'counting' ? true : null;
}

function report(message: unknown): LoadReport | null {
  const received = message as LoadMessage;
  return received.type === 'report' ? received.report : null;
}
