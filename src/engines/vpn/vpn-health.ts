import type { GluetunStatus } from './gluetun-answer';
import type { VpnContainerHealth, VpnContainerPhase } from './vpn-containers.port';

/**
 * The states of a VPN. Only observations change them:
 *
 * - `unknown`: it has not worked yet and may still be starting
 * - `up`: it works, and has worked for VPN_STABLE_AFTER or since the first check
 * - `down`: its container is gone, does not run or was restarted, or two observations in a row were bad, or it was not
 *   healthy for two minutes after the first check
 * - `recovering`: it works again, but not for VPN_STABLE_AFTER yet. Its engines serve streams, but it gets new engines
 *   only while no other VPN is up. It is `up` after VPN_STABLE_AFTER without a bad observation, and `down` after a
 *   failure.
 */
export type VpnState = 'unknown' | 'up' | 'down' | 'recovering';

export const VPN_STATES: readonly VpnState[] = ['unknown', 'up', 'down', 'recovering'];

/**
 * A VPN is down only after this many bad observations in a row, because a single one may be due to a short fault of
 * Docker or of the network.
 */
const BAD_BEFORE_DOWN = 2;

/**
 * A VPN whose container is still not healthy this long after the first check counts as down. Gluetun is healthy
 * within seconds, but an operator may have configured a slower health check.
 */
const START_PATIENCE_MS = 120_000;

/** While engines behind a VPN still reach the network, an unhealthy container counts as down only after this time. */
const SECOND_OPINION_MS = 60_000;

/** One start of one container. Each engine behind a VPN joins the network of exactly one start. */
export interface ContainerStart {
  readonly id: string;
  readonly startedAt: string;
}

/** Result of one observation of a VPN. */
export type VpnObservation =
  /** Docker did not answer. */
  | { readonly kind: 'unobserved'; readonly reason: string; readonly control: GluetunStatus | null }
  /** No container has the name. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'observed';
      readonly container: ContainerStart & {
        readonly phase: VpnContainerPhase;
        readonly status: string;
        readonly health: VpnContainerHealth;
      };
      /** Its address; null when it is on no network. */
      readonly host: string | null;
      /** Status from its control server; null when there is none. */
      readonly control: GluetunStatus | null;
      /** An engine behind it has recently reported that it reaches the network. */
      readonly enginesConnected: boolean;
    };

export interface VpnHealth {
  readonly state: VpnState;
  /** When this state began. Times are monotonic milliseconds. */
  readonly sinceMs: number;
  /** Why the VPN has this state, for operators; after bad observations, the latest fault. */
  readonly reason: string;
  /** The container as last observed. */
  readonly container: ContainerStart | null;
  /** Bad observations in a row, and the time of the first. */
  readonly bad: { readonly count: number; readonly sinceMs: number } | null;
  /** When the present run of observations without a bad one began; null if the last one was bad. */
  readonly goodSinceMs: number | null;
}

type Verdict =
  | { readonly kind: 'good' | 'gone' | 'starting' | 'silent'; readonly reason: string }
  /** `isDisputed`: engines behind it report that they reach the network. */
  | { readonly kind: 'bad'; readonly reason: string; readonly isDisputed: boolean };

export function unknownHealth(nowMs: number): VpnHealth {
  return {
    state: 'unknown',
    sinceMs: nowMs,
    reason: 'not checked yet',
    container: null,
    bad: null,
    goodSinceMs: null,
  };
}

/** True if engines behind a VPN in this state may get streams. */
export function isServing(state: VpnState): boolean {
  return state === 'up' || state === 'recovering';
}

/** Time in ms until the VPN counts as stable; 0 if it does, null while it does not work. */
export function stableInMs(health: VpnHealth, stableAfterMs: number, nowMs: number): number | null {
  if (health.state === 'up') return 0;
  if (health.state !== 'recovering') return null;
  return Math.max(0, (health.goodSinceMs ?? nowMs) + stableAfterMs - nowMs);
}

/** The health after one more observation. */
export function nextHealth(
  last: VpnHealth,
  observation: VpnObservation,
  stableAfterMs: number,
  nowMs: number,
): VpnHealth {
  const verdict = assess(last, observation);
  const observed = { ...last, container: containerAfter(last, observation) };
  switch (verdict.kind) {
    case 'gone':
      return withState(
        { ...observed, bad: null, goodSinceMs: null },
        'down',
        verdict.reason,
        nowMs,
      );
    case 'bad':
      return afterBad(observed, verdict, nowMs);
    case 'good':
      return afterGood(observed, verdict.reason, stableAfterMs, nowMs);
    case 'starting':
      return last.state === 'unknown' && nowMs - last.sinceMs >= START_PATIENCE_MS
        ? withState(
            observed,
            'down',
            `not healthy ${START_PATIENCE_MS / 1000} s after the first check`,
            nowMs,
          )
        : { ...observed, reason: verdict.reason };
    case 'silent':
      return last.state === 'unknown' ? { ...observed, reason: verdict.reason } : observed;
  }
}

function assess(last: VpnHealth, observation: VpnObservation): Verdict {
  switch (observation.kind) {
    case 'absent':
      return { kind: 'gone', reason: 'no container has this name' };
    case 'unobserved':
      // If Docker does not answer, that says nothing about a VPN, but the status from its control server does.
      return saysStopped(observation.control)
        ? bad(`its control server says ${observation.control}`, false)
        : { kind: 'silent', reason: observation.reason };
    case 'observed':
      return assessContainer(last, observation);
  }
}

function assessContainer(
  last: VpnHealth,
  { container, host, control, enginesConnected }: Extract<VpnObservation, { kind: 'observed' }>,
): Verdict {
  if (container.phase !== 'running') {
    return { kind: 'gone', reason: `its container is ${container.status}` };
  }
  if (isServing(last.state) && last.container !== null && !isSameStart(last.container, container)) {
    return { kind: 'gone', reason: 'its container was restarted' };
  }
  if (container.health === 'starting') {
    return { kind: 'starting', reason: 'its container is not healthy yet' };
  }
  if (host === null) return bad('its container has no address on any network', false);
  // The control server's status is newer than Docker's health, which lags behind by up to three checks.
  if (control !== null && control !== 'running') {
    return bad(`its control server says ${control}`, false);
  }
  if (container.health === 'unhealthy') return bad('its container is unhealthy', enginesConnected);
  const health = container.health === 'none' ? 'running, without a health check' : 'healthy';
  return { kind: 'good', reason: `its container is ${health}` };
}

function bad(reason: string, isDisputed: boolean): Verdict {
  return { kind: 'bad', reason, isDisputed };
}

function saysStopped(control: GluetunStatus | null): control is GluetunStatus {
  return control !== null && control !== 'running';
}

function afterBad(
  last: VpnHealth,
  { reason, isDisputed }: Extract<Verdict, { kind: 'bad' }>,
  nowMs: number,
): VpnHealth {
  const run = { count: (last.bad?.count ?? 0) + 1, sinceMs: last.bad?.sinceMs ?? nowMs };
  const next = { ...last, bad: run, goodSinceMs: null };
  const isBelieved = !isDisputed || nowMs - run.sinceMs >= SECOND_OPINION_MS;
  if (run.count >= BAD_BEFORE_DOWN && isBelieved) return withState(next, 'down', reason, nowMs);
  const doubt = isDisputed ? `${reason}, but engines behind it reach the network` : reason;
  return { ...next, reason: doubt };
}

function afterGood(
  last: VpnHealth,
  reason: string,
  stableAfterMs: number,
  nowMs: number,
): VpnHealth {
  const goodSinceMs = last.goodSinceMs ?? nowMs;
  const next = { ...last, bad: null, goodSinceMs };
  switch (last.state) {
    case 'unknown':
    case 'up':
      return withState(next, 'up', reason, nowMs);
    case 'down':
    case 'recovering': {
      const isStable = nowMs - goodSinceMs >= stableAfterMs;
      return withState(next, isStable ? 'up' : 'recovering', reason, nowMs);
    }
  }
}

function withState(health: VpnHealth, state: VpnState, reason: string, nowMs: number): VpnHealth {
  return { ...health, state, reason, sinceMs: health.state === state ? health.sinceMs : nowMs };
}

function containerAfter(last: VpnHealth, observation: VpnObservation): ContainerStart | null {
  switch (observation.kind) {
    case 'unobserved':
      return last.container;
    case 'absent':
      return null;
    case 'observed': {
      const { id, startedAt } = observation.container;
      return { id, startedAt };
    }
  }
}

export function isSameStart(one: ContainerStart, other: ContainerStart): boolean {
  return one.id === other.id && one.startedAt === other.startedAt;
}
