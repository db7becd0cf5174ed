import { setTimeout } from 'node:timers/promises';
import { type AudienceMessage, type AudienceOrder, type AudienceReport } from './audience';
import { childMessage } from './children';
import { type StreamCase, type StreamFigure } from './figure-table';
import { httpPost, httpGet } from './http-get';
import { startProduct, type ServerUnderTest } from './servers';
import { type SimulatedEngine, startSimulatedEngine } from './simulated-engines';
import { contentId } from './stream-path';
import { type StreamContext } from './stream-options';

/** The failure of an engine in use. */
type Disruption = 'kill' | 'freeze' | 'move';

interface Round {
  report: AudienceReport;
  /** Response time of the move, ms; null if none was requested. */
  answerMs: number | null;
}

const VIEWERS = 200;
const MBIT_PER_SECOND = 8;
const START_MS = 1000;
const BURST_SECONDS = 5;
const STALL_SECONDS = 5;
const RAMP_MS = 1000;
const SLACK_MS = 60_000;
/** Longer than the broadcast's loop of 8 s, so that every step of its time stamps was measured. */
const WARM_MS = 10_000;
const AFTER_MS: Record<Disruption, number> = { kill: 10_000, freeze: 15_000, move: 10_000 };
/** In addition to the silence that is allowed before a failover. */
const GOAL_MS: Record<Disruption, number> = {
  kill: 2500,
  freeze: STALL_SECONDS * 1000 + 2500,
  move: 300,
};
const TITLES: Record<Disruption, string> = {
  kill: 'engine killed (SIGKILL)',
  freeze: `engine frozen (SIGSTOP), PROXY_STALL_TIMEOUT ${STALL_SECONDS} s`,
  move: 'planned move, POST /api/v1/streams/{id}/move?wait=true',
};

/** Several rounds, each with a new product and two engines. @throws Error if it cannot be measured */
export async function failoverCase(
  disruption: Disruption,
  context: StreamContext,
): Promise<StreamCase> {
  const { rounds: count } = context.options;
  const viewers = context.options.viewers ?? VIEWERS;
  const rounds: Round[] = [];
  for (let n = 1; n <= count; n++) {
    process.stderr.write(`${TITLES[disruption]}: round ${n} of ${count} …\n`);
    rounds.push(await round(disruption, context));
  }
  return {
    name: disruption,
    title: `${TITLES[disruption]}, ${viewers} viewers, ${MBIT_PER_SECOND} Mbit/s, ${count} rounds`,
    note: `two engines are up, a start takes ${START_MS / 1000} s; silence: between video and audio packets, on the wall clock`,
    figures: figures(disruption, rounds),
  };
}

function figures(disruption: Disruption, rounds: readonly Round[]): StreamFigure[] {
  const reports = rounds.map(({ report }) => report);
  const sum = (of: (report: AudienceReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  // Every viewer loses the same media, so the result is the share of one viewer in one round.
  const perViewer = (of: (report: AudienceReport) => number): number =>
    Math.max(...reports.map((report) => of(report) / report.silenceMs.length));
  const line = (label: string, value: number, limit?: number): StreamFigure => {
    const figure = { label, value, digits: 0 };
    return limit === undefined ? figure : { ...figure, limit };
  };
  const longest = reports.map(({ silenceMs }) => silenceMs.at(-1) ?? Infinity);
  const medians = reports.map(({ silenceMs }) => middle(silenceMs));
  const proved = disruption === 'move' ? 0 : undefined;
  const answers = rounds.flatMap(({ answerMs }) => answerMs ?? []);
  return [
    line('longest silence at any viewer, ms', Math.max(...longest), GOAL_MS[disruption]),
    line('the same, middle round', middle(longest.sort((a, b) => a - b))),
    line('middle viewer, worst round, ms', Math.max(...medians)),
    line(
      'disconnects',
      sum((r) => r.disconnects),
      0,
    ),
    line(
      'access units lost per viewer, worst round',
      perViewer((r) => r.lostUnits),
      proved,
    ),
    line(
      'access units repeated per viewer',
      perViewer((r) => r.repeatedUnits),
      proved,
    ),
    line(
      'discontinuity flags per viewer',
      perViewer((r) => r.discontinuityFlags),
    ),
    line(
      'continuity errors without a flag, media',
      sum((r) => r.continuityErrors),
      0,
    ),
    line(
      'the same, tables and data, per viewer',
      perViewer((r) => r.tableContinuityErrors),
    ),
    line(
      'misaligned',
      sum((r) => r.misaligned),
      0,
    ),
    ...(answers.length === 0 ? [] : [line('the answer took at most, ms', Math.max(...answers))]),
  ];
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Infinity;
}

async function round(disruption: Disruption, context: StreamContext): Promise<Round> {
  const { children, signal } = context;
  const settings = {
    ...{ mbitPerSecond: MBIT_PER_SECOND, startMs: START_MS, burstSeconds: BURST_SECONDS },
  };
  const engines: SimulatedEngine[] = [];
  try {
    engines.push(await startSimulatedEngine(children, settings, signal));
    engines.push(await startSimulatedEngine(children, settings, signal));
    const env: Record<string, string> =
      disruption === 'freeze' ? { PROXY_STALL_TIMEOUT: `${STALL_SECONDS}s` } : {};
    const addresses = engines.map(({ address }) => address);
    const product = await startProduct(children, { engines: addresses, env }, signal);
    try {
      return await watched(disruption, product, engines, context);
    } finally {
      await product.stop();
    }
  } finally {
    await Promise.all(engines.map((engine) => engine.end()));
  }
}

async function watched(
  disruption: Disruption,
  product: ServerUnderTest,
  engines: readonly SimulatedEngine[],
  { children, options, signal }: StreamContext,
): Promise<Round> {
  const plan = { port: product.port, viewers: options.viewers ?? VIEWERS, rampMs: RAMP_MS };
  const audience = children.fork('audience', [JSON.stringify(plan)]);
  try {
    await childMessage(audience, messageOfType('watching'), SLACK_MS, signal);
    await setTimeout(WARM_MS, undefined, { signal });
    const engine = await engineInUse(product, engines);
    const marked = childMessage(audience, messageOfType('marked'), SLACK_MS, signal);
    audience.process.send('mark' satisfies AudienceOrder);
    await marked;
    const answerMs = await disrupt(disruption, engine, product);
    await setTimeout(AFTER_MS[disruption], undefined, { signal });
    if ((await engineInUse(product, engines)) === engine) {
      throw new Error('the stream is still on the engine that it had to leave');
    }
    const reported = childMessage(audience, reportOf, SLACK_MS, signal);
    audience.process.send('report' satisfies AudienceOrder);
    return { report: await reported, answerMs };
  } finally {
    await audience.stop();
  }
}

async function disrupt(
  disruption: Disruption,
  engine: SimulatedEngine,
  product: ServerUnderTest,
): Promise<number | null> {
  if (disruption !== 'move') {
    engine.child.process.kill(disruption === 'kill' ? 'SIGKILL' : 'SIGSTOP');
    return null;
  }
  const askedMs = performance.now();
  const path = `/api/v1/streams/${contentId(0)}/move?wait=true`;
  const { status, body } = await httpPost(product.port, path, {
    headers: product.headers,
    timeoutMs: 30_000,
  });
  if (status !== 200) throw new Error(`the move was answered with ${status}: ${body}`);
  return performance.now() - askedMs;
}

async function engineInUse(
  product: ServerUnderTest,
  engines: readonly SimulatedEngine[],
): Promise<SimulatedEngine> {
  const path = `/api/v1/proxy/sessions/${contentId(0)}`;
  const answer = await httpGet(product.port, path, { headers: product.headers, timeoutMs: 5000 });
  const { engine_port: port } = JSON.parse(answer.body) as { engine_port?: number | null };
  const engine = engines.find((candidate) => candidate.port === port);
  if (engine === undefined) throw new Error(`no engine of ours plays: ${answer.body}`);
  return engine;
}

function messageOfType(type: 'watching' | 'marked'): (message: unknown) => true | null {
  return (message) => ((message as AudienceMessage).type === type ? true : null);
}

function reportOf(message: unknown): AudienceReport | null {
  const received = message as AudienceMessage;
  return received.type === 'report' ? received.report : null;
}
