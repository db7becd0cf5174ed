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

/** The value of a series without labels, or with exactly these labels, in `GET /metrics`; NaN if it does not exist. */
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

/** Memory of a product's streams, bytes. */
export interface Held {
  readonly history: number;
  /** Bytes queued on sockets that are no longer in the history. */
  readonly queued: number;
}

export async function held(product: Product): Promise<Held> {
  const [history, queued] = await Promise.all([
    metric(product, 'acefleet_history_bytes'),
    metric(product, 'acefleet_unsent_bytes'),
  ]);
  return { history, queued };
}

/** The sum of these values. */
export async function heldBytes(product: Product): Promise<number> {
  const { history, queued } = await held(product);
  return history + queued;
}

/** The maximum of each value. */
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

/** Viewers of a running stream, from the admin API. */
export async function clientsOf(product: Product, id: string): Promise<ClientFacts[]> {
  const answer = await product.api('GET', `/proxy/sessions/${id}/clients`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body.clients;
}

/** The viewers from other hosts. */
export async function farClientsOf(product: Product, id: string): Promise<ClientFacts[]> {
  const clients = await clientsOf(product, id);
  return clients.filter(({ ip_address: address }) => address.startsWith('10.'));
}

/** Number of viewers that have left for this reason so far. */
export async function leftBecauseOf(product: Product, reason: string): Promise<number> {
  const count = await metric(product, 'acefleet_viewers_left_total', { reason });
  return Number.isNaN(count) ? 0 : count;
}

/** An event in the format of the event log. */
export interface EventFacts {
  readonly client_id: string | null;
  readonly reason: string | null;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- of as many shapes as there are types
  readonly details: any;
}

/** Events of one type for one stream, oldest first. They stay in the log after the end of the stream. */
export async function eventsOf(product: Product, type: string, id: string): Promise<EventFacts[]> {
  const answer = await product.api('GET', `/events?type=${type}&stream_id=${id}&limit=1000`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
}

/**
 * How much longer than the viewer of a control stream another viewer may have waited for media; less than a stall
 * time-out, because two streams of a process without enough CPU time are not delayed equally.
 */
const MORE_THAN_CONTROL_MS = 3000;

/**
 * Asserts that viewers waited for media no longer than `control`, who has watched another stream of the same engine
 * through the same product since before them. Delays of a process, including the test process, affect both.
 */
export async function expectFedLike(control: Viewer, viewers: readonly Viewer[]): Promise<void> {
  // A delay that still lasts shows in the next media.
  await Promise.all([control, ...viewers].map((viewer) => viewer.receiveMore(500)));
  const longestMs = control.audit.longestGapMs;
  for (const { audit } of viewers) {
    expect(audit.longestGapMs).toBeLessThan(withLag(longestMs + MORE_THAN_CONTROL_MS));
  }
}

/** Ids of the streams with a slot on the engine, from the admin API. */
export async function streamsOn(product: Product, engine: Simulator): Promise<string[]> {
  const answer = await product.api('GET', `/engines/${engine.engineId}`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body.streams;
}

/** Asserts that every engine session was stopped and that no slot is occupied. */
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
 * Asserts whole packets, without loss, repetition or wrong order except where a discontinuity was flagged. This
 * includes PIDs outside of the programmes, such as the service description.
 */
export function expectHonest(audit: StreamAudit): void {
  expect(faultsOf(audit)).toEqual(NO_FAULTS);
}

/** The same, without any discontinuity. */
export function expectUntouched(audit: StreamAudit): void {
  const { flagged, markers } = audit;
  expect({ ...faultsOf(audit), flagged, jumps: markers.jumps }).toEqual({
    ...NO_FAULTS,
    flagged: 0,
    jumps: [],
  });
}

/** The first video after the first packet of video with a discontinuity flag. */
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
  /** `pid: count` of the PIDs with a count above 0. */
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

/** As plain data, so that a failed comparison prints every number. */
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
