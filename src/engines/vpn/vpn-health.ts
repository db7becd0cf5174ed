import type { GluetunStatus } from './gluetun-answer';
import type { VpnContainerHealth, VpnContainerPhase } from './vpn-containers.port';

/**
 * The states of a VPN; only observations move it:
 *
 *   unknown     not seen working yet, and not given up either: our start, or its own
 *   up          works, and has done so for VPN_STABLE_AFTER or ever since we look
 *   down        its container is gone or not running, was started anew, or two observations in a row were bad
 *   recovering  works again since a short while: its engines serve, but it is given new ones only when no
 *               other VPN is up
 *
 *   unknown ─works─▶ up ─fails─▶ down ─works─▶ recovering ─VPN_STABLE_AFTER without a failure─▶ up
 *   unknown ─fails, or not healthy for two minutes─▶ down;  recovering ─fails─▶ down
 */
export type VpnState = 'unknown' | 'up' | 'down' | 'recovering';

export const VPN_STATES: readonly VpnState[] = ['unknown', 'up', 'down', 'recovering'];

/** One observation may be a hiccup of Docker's or of the network. */
const BAD_UNTIL_DOWN = 2;

/**
 * Gluetun is healthy within seconds; its own health check gives up after 10 s and three tries 5 s apart (its
 * Dockerfile). An operator's check may take longer, but not for ever.
 */
const START_PATIENCE_MS = 120_000;

/** So long engines that still reach their network outweigh a container's bad health. */
const SECOND_OPINION_MS = 60_000;

/** Which start of which container: engines belong to exactly one. */
export interface ContainerStart {
  readonly id: string;
  readonly startedAt: string;
}

/** What one look at a VPN showed. */
export type VpnObservation =
  /** Docker did not tell. */
  | { readonly kind: 'unseen'; readonly reason: string; readonly control: GluetunStatus | null }
  /** No container has the name. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'seen';
      readonly container: ContainerStart & {
        readonly phase: VpnContainerPhase;
        readonly status: string;
        readonly health: VpnContainerHealth;
      };
      /** Under which it is reached; null when it is on no network. */
      readonly host: string | null;
      /** What its control server says; null when it says nothing. */
      readonly control: GluetunStatus | null;
      /** Some engine behind it said lately that it reaches the network. */
      readonly enginesConnected: boolean;
    };

export interface VpnHealth {
  readonly state: VpnState;
  /** When it came into this state. Times are monotonic milliseconds. */
  readonly sinceMs: number;
  /** Why, or what is wrong since; a line for operators. */
  readonly reason: string;
  /** The container as it was seen last. */
  readonly container: ContainerStart | null;
  /** Bad observations in a row, and when the first of them was. */
  readonly bad: { readonly count: number; readonly sinceMs: number } | null;
  /** Since when no observation was bad; null while the last one was. */
  readonly goodSinceMs: number | null;
}

type Verdict =
  | { readonly kind: 'good' | 'gone' | 'starting' | 'silent'; readonly reason: string }
  /** `isDisputed`: engines behind it say otherwise. */
  | { readonly kind: 'bad'; readonly reason: string; readonly isDisputed: boolean };

export function unknownHealth(nowMs: number): VpnHealth {
  return {
    state: 'unknown',
    sinceMs: nowMs,
    reason: 'not seen yet',
    container: null,
    bad: null,
    goodSinceMs: null,
  };
}

/** Whether engines behind it may be given streams. */
export function isServing(state: VpnState): boolean {
  return state === 'up' || state === 'recovering';
}

/** How long until it counts as stable; 0 when it does, null when it does not work. */
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
  const verdict = judge(last, observation);
  const seen = { ...last, container: containerAfter(last, observation) };
  switch (verdict.kind) {
    case 'gone':
      return moved({ ...seen, bad: null, goodSinceMs: null }, 'down', verdict.reason, nowMs);
    case 'bad':
      return afterBad(seen, verdict, nowMs);
    case 'good':
      return afterGood(seen, verdict.reason, stableAfterMs, nowMs);
    case 'starting':
      return last.state === 'unknown' && nowMs - last.sinceMs >= START_PATIENCE_MS
        ? moved(
            seen,
            'down',
            `not healthy ${START_PATIENCE_MS / 1000} s after it was first seen`,
            nowMs,
          )
        : { ...seen, reason: verdict.reason };
    case 'silent':
      return last.state === 'unknown' ? { ...seen, reason: verdict.reason } : seen;
  }
}

function judge(last: VpnHealth, observation: VpnObservation): Verdict {
  switch (observation.kind) {
    case 'absent':
      return { kind: 'gone', reason: 'no container has this name' };
    case 'unseen':
      // Docker's silence says nothing about a VPN, its own word does.
      return saysStopped(observation.control)
        ? bad(`its control server says ${observation.control}`, false)
        : { kind: 'silent', reason: observation.reason };
    case 'seen':
      return judgeSeen(last, observation);
  }
}

function judgeSeen(
  last: VpnHealth,
  { container, host, control, enginesConnected }: Extract<VpnObservation, { kind: 'seen' }>,
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
  // What it says of itself is newer than Docker's health, which lags behind by up to three checks.
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
  if (run.count >= BAD_UNTIL_DOWN && isBelieved) return moved(next, 'down', reason, nowMs);
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
      return moved(next, 'up', reason, nowMs);
    case 'down':
    case 'recovering': {
      const isStable = nowMs - goodSinceMs >= stableAfterMs;
      return moved(next, isStable ? 'up' : 'recovering', reason, nowMs);
    }
  }
}

function moved(health: VpnHealth, state: VpnState, reason: string, nowMs: number): VpnHealth {
  return { ...health, state, reason, sinceMs: health.state === state ? health.sinceMs : nowMs };
}

function containerAfter(last: VpnHealth, observation: VpnObservation): ContainerStart | null {
  switch (observation.kind) {
    case 'unseen':
      return last.container;
    case 'absent':
      return null;
    case 'seen': {
      const { id, startedAt } = observation.container;
      return { id, startedAt };
    }
  }
}

export function isSameStart(one: ContainerStart, other: ContainerStart): boolean {
  return one.id === other.id && one.startedAt === other.startedAt;
}
