import { eventually } from './wait';
import type { Product } from './product';
import type { Simulator } from './simulator';
import type { StreamAudit } from './stream-audit';
import type { Viewer } from './viewer';
import {
  hasPayload,
  isDiscontinuity,
  isRandomAccess,
  PACKET_BYTES,
  pidOf,
  SIM_PIDS,
  startsUnit,
} from './ts-packet';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

/** The value of a series without labels, or with exactly these labels, in `GET /metrics`; NaN when it is not there. */
export async function metric(
  product: Product,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { text } = await product.api('GET', '/metrics');
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  const series = pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? NaN : Number(line.slice(series.length + 1));
}

/** What the streams of a product hold in memory, bytes. */
export interface Held {
  readonly history: number;
  /** Queued on sockets beyond the history. */
  readonly queued: number;
}

export async function held(product: Product): Promise<Held> {
  const [history, queued] = await Promise.all([
    metric(product, 'proxy_ring_bytes'),
    metric(product, 'proxy_pinned_bytes'),
  ]);
  return { history, queued };
}

/** The same as one figure. */
export async function heldBytes(product: Product): Promise<number> {
  const { history, queued } = await held(product);
  return history + queued;
}

/** Of each figure the larger one. */
export function mostOf(one: Held, other: Held): Held {
  return {
    history: Math.max(one.history, other.history),
    queued: Math.max(one.queued, other.queued),
  };
}

export interface ClientFacts {
  readonly client_id: string;
  readonly ip_address: string;
  readonly state: string;
  readonly jumps: number;
  readonly bytes_sent: number;
}

/** Viewers of a stream under way, as the admin API tells. */
export async function clientsOf(product: Product, id: string): Promise<ClientFacts[]> {
  const answer = await product.api('GET', `/proxy/sessions/${id}/clients`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body.clients;
}

/** Those of them who come from another host. */
export async function farClientsOf(product: Product, id: string): Promise<ClientFacts[]> {
  const clients = await clientsOf(product, id);
  return clients.filter(({ ip_address: address }) => address.startsWith('10.'));
}

/** How many viewers have left for this reason so far. */
export async function leftBecauseOf(product: Product, reason: string): Promise<number> {
  const count = await metric(product, 'proxy_clients_left_total', { reason });
  return Number.isNaN(count) ? 0 : count;
}

/** An event as the log of events tells it. */
export interface EventFacts {
  readonly client_id: string | null;
  readonly reason: string | null;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- of as many shapes as there are types
  readonly details: any;
}

/** Events of one type about one stream, oldest first: they stay to be read, whatever has become of it since. */
export async function eventsOf(product: Product, type: string, id: string): Promise<EventFacts[]> {
  const answer = await product.api('GET', `/events?type=${type}&stream_id=${id}&limit=1000`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
}

/**
 * How much longer than the viewer of a control somebody may have waited for media: less than a stall timeout. Two streams
 * of a starved process are not late by the same.
 */
const MORE_THAN_CONTROL_MS = 3000;

/**
 * Asserts that viewers waited for media no longer than `control`, who watches another stream of the same engine through
 * the same product since before them: what one of the processes was late by, this one included, is seen by both.
 */
export async function expectFedLike(control: Viewer, viewers: readonly Viewer[]): Promise<void> {
  // Who was late up to now shows in what comes next.
  await Promise.all([control, ...viewers].map((viewer) => viewer.receiveMore(500)));
  const longestMs = control.audit.longestGapMs;
  for (const { audit } of viewers) {
    expect(audit.longestGapMs).toBeLessThan(withLag(longestMs + MORE_THAN_CONTROL_MS));
  }
}

/** Ids of the streams that have a slot on the engine, as the admin API tells. */
export async function streamsOn(product: Product, engine: Simulator): Promise<string[]> {
  const answer = await product.api('GET', `/engines/${engine.engineId}`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body.streams;
}

/** Every engine session was stopped and no slot is taken. */
export async function engineIsFree(
  product: Product,
  engine: Simulator,
  timeoutMs = 20_000,
): Promise<void> {
  await eventually(
    async () => {
      const { sessions_open: open, readers } = await engine.counters();
      const streams = await streamsOn(product, engine);
      if (open === 0 && readers === 0 && streams.length === 0) return true;
      throw new Error(`${open} sessions open, ${readers} readers, ${streams.length} slots taken`);
    },
    timeoutMs,
    'an engine without sessions and slots',
  );
}

/**
 * Whole packets, and nothing lost, repeated or out of order where no discontinuity was flagged: on every PID, those that
 * are in no programme, such as that of the service description, too.
 */
export function expectHonest(audit: StreamAudit): void {
  expect(faultsOf(audit)).toEqual(NO_FAULTS);
}

/** The same, and no discontinuity at all. */
export function expectUntouched(audit: StreamAudit): void {
  const { flagged, markers } = audit;
  expect({ ...faultsOf(audit), flagged, jumps: markers.jumps }).toEqual({
    ...NO_FAULTS,
    flagged: 0,
    jumps: [],
  });
}

/** What video begins with after the first packet of it that announces a discontinuity. */
export function videoAfterFlag(body: Buffer): 'key frame' | 'something else' | 'nothing' {
  let wasFlagged = false;
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    if (pidOf(body, at) !== SIM_PIDS.video) continue;
    wasFlagged ||= isDiscontinuity(body, at);
    if (!wasFlagged || !hasPayload(body, at)) continue;
    return startsUnit(body, at) && isRandomAccess(body, at) ? 'key frame' : 'something else';
  }
  return 'nothing';
}

interface StreamFaults {
  readonly misaligned: number;
  /** `pid: count`, of those that have some. */
  readonly continuityErrors: readonly string[];
  readonly crcErrors: number;
  readonly lostPackets: number;
  readonly repeatedPackets: number;
  readonly outOfOrder: number;
}

const NO_FAULTS: StreamFaults = {
  misaligned: 0,
  continuityErrors: [],
  crcErrors: 0,
  lostPackets: 0,
  repeatedPackets: 0,
  outOfOrder: 0,
};

/** As plain data, so that a failed comparison shows every figure. */
function faultsOf({ misaligned, pids, crcErrors, markers }: StreamAudit): StreamFaults {
  const broken = [...pids].filter(([, { continuityErrors }]) => continuityErrors > 0);
  const { lostPackets, repeatedPackets, outOfOrder } = markers;
  return {
    misaligned,
    continuityErrors: broken.map(([pid, { continuityErrors }]) => `${pid}: ${continuityErrors}`),
    crcErrors,
    lostPackets,
    repeatedPackets,
    outOfOrder,
  };
}
