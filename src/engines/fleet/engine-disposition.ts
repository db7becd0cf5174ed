import { formatDuration } from '../../kernel/units';
import type { DrainReason } from '../registry/engine.types';
import type { FleetEngine, FleetLimits, FleetSnapshot, RolloutCause } from './fleet.types';

/** An engine that is missing in this many listings in a row counts as gone. */
export const MAX_MISSED_LISTINGS = 2;

/** An engine that reports no network for this long, while another engine reports one, is failing. */
const DISCONNECTED_MS = 180_000;

/** Unpausing an engine takes moments. An engine that is still paused after this time counts as failing. */
const UNPAUSE_MS = 10_000;

/**
 * What the fleet concludes about one engine: the first of these that applies, from top to bottom.
 *
 * - `absent`: it is gone
 * - `removing`: its removal is running, or has failed and waits for its retry
 * - `ended`: it has no process, because the process ended or was never started
 * - `held`: an operator drains it, so only the operator may change it
 * - `lost`: its network is gone for good
 * - `stuck`: it has not answered once within ENGINE_START_TIMEOUT
 * - `cut_off`: its VPN is down; it may recover
 * - `leaving`: an operator drains its VPN, and the fleet does not drain the engine yet
 * - `retiring`: the fleet drains it in order to replace or remove it
 * - `released`: the fleet drains it, but the reason no longer holds
 * - `failing`: it runs and cannot serve; it may recover, so its successor is created first
 * - `starting`: it starts, or is about to work again
 * - `replaceable`: it works and should be replaced
 * - `ready`: it works
 */
export type EngineDisposition =
  | 'absent'
  | 'removing'
  | 'ended'
  | 'held'
  | 'lost'
  | 'stuck'
  | 'cut_off'
  | 'leaving'
  | 'retiring'
  | 'released'
  | 'failing'
  | 'starting'
  | 'replaceable'
  | 'ready';

export interface ClassifiedEngine {
  readonly engine: FleetEngine;
  readonly disposition: EngineDisposition;
  /** The reason code for removing or draining it; `surplus` if it has no fault. */
  readonly reason: DrainReason;
  /** The reason in words, for operators; may be empty. */
  readonly why: string;
}

/** The engines by their dispositions. Lists are in the order of the engines' ids: equal snapshots give equal decisions. */
export interface ClassifiedFleet {
  of(...dispositions: readonly EngineDisposition[]): ClassifiedEngine[];
  /** Engines that count for MAX_REPLICAS, without those that are only requested. */
  readonly presentCount: number;
  /** Of these: engines that have not answered yet and still may. */
  readonly startingCount: number;
  /** Engines that serve, or are about to: what counts as capacity. */
  readonly serving: readonly ClassifiedEngine[];
  /** Of these: engines that serve now. */
  readonly working: readonly ClassifiedEngine[];
}

export function classifyEngines(snapshot: FleetSnapshot): ClassifiedFleet {
  const isAnyConnected = snapshot.engines.some(isConnected);
  const classified = [...snapshot.engines]
    .sort((a, b) => compareText(a.id, b.id))
    .map((engine): ClassifiedEngine => {
      const [disposition, why, reason] = classify(engine, snapshot.limits, isAnyConnected);
      return { engine, disposition, reason: reason ?? 'surplus', why };
    });
  const of = (...dispositions: readonly EngineDisposition[]): ClassifiedEngine[] =>
    classified.filter(({ disposition }) => dispositions.includes(disposition));
  return {
    of,
    presentCount: classified.length - of('absent').length,
    startingCount: of('starting', 'released').filter(({ engine }) => !engine.hasStarted).length,
    serving: of('ready', 'replaceable', 'starting', 'released'),
    working: of('ready', 'replaceable'),
  };
}

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

type Cause = readonly [reason: DrainReason, why: string];

function classify(
  engine: FleetEngine,
  limits: FleetLimits,
  isAnyConnected: boolean,
): [disposition: EngineDisposition, why: string, reason: DrainReason | null] {
  if (engine.hasVanished || engine.missedListings >= MAX_MISSED_LISTINGS) {
    return ['absent', '', null];
  }
  if (engine.isBeingRemoved) return ['removing', '', null];
  const hasNoProcess = engine.phase === 'ended' || engine.phase === 'created';
  // A busy engine without a process is being started or restarted, because removals were handled above.
  if (hasNoProcess && !engine.isBusy) {
    return ['ended', describeEnd(engine), engine.phase === 'created' ? 'never_started' : 'ended'];
  }
  if (engine.drainedBy === 'operator') return ['held', '', null];
  if (engine.objection?.kind === 'lost') return ['lost', engine.objection.reason, 'network_lost'];
  if (hasNoProcess) return ['starting', '', null];
  if (engine.phase === 'running' && !engine.hasStarted && engine.upMs > limits.startTimeoutMs) {
    const why = `no answer within ${formatDuration(limits.startTimeoutMs)} of its start`;
    return ['stuck', why, 'start_timeout'];
  }
  if (engine.objection?.kind === 'cut_off') return ['cut_off', engine.objection.reason, 'vpn_down'];
  if (engine.objection?.kind === 'drained') {
    const disposition = engine.drainedBy === null ? 'leaving' : 'retiring';
    return [disposition, engine.objection.reason, 'vpn_drained'];
  }
  const replacement = engine.hasStarted ? whyReplace(engine, limits) : null;
  if (engine.drainedBy === 'fleet') {
    if (replacement !== null) return ['retiring', replacement[1], replacement[0]];
    return ['released', 'the reason for draining it no longer holds', null];
  }
  const failure = whyFailing(engine, isAnyConnected);
  if (failure !== null) return ['failing', failure[1], failure[0]];
  if (engine.phase === 'paused') return ['starting', 'it was paused from outside', null];
  if (!engine.hasStarted || !answers(engine)) return ['starting', '', null];
  return replacement === null
    ? ['ready', '', null]
    : ['replaceable', replacement[1], replacement[0]];
}

/**
 * Why an engine that runs cannot serve streams; null if it can. A short pause is no failure, because the fleet
 * unpauses the engine.
 */
function whyFailing(engine: FleetEngine, isAnyConnected: boolean): Cause | null {
  if (engine.phase === 'paused') {
    return engine.pausedMs > UNPAUSE_MS ? ['paused', 'it stays paused'] : null;
  }
  if (!engine.hasStarted) return null;
  if (engine.state === 'unhealthy') {
    return ['unhealthy', `unhealthy for ${seconds(engine.unhealthyMs)}`];
  }
  if (engine.state === null) return ['no_address', 'it runs but has lost its address'];
  if (isAnyConnected && engine.disconnectedMs >= DISCONNECTED_MS) {
    const duration = seconds(engine.disconnectedMs);
    return ['no_network', `has reached no network for ${duration}, while another engine does`];
  }
  return null;
}

const ROLLOUT_REASONS: Readonly<Record<RolloutCause, string>> = {
  image_changed: 'created from an earlier image than the present one',
  replace_requested: 'an operator replaces all engines',
};

/** Why an engine that works should be replaced; null if it should not. */
function whyReplace(engine: FleetEngine, limits: FleetLimits): Cause | null {
  if (engine.objection?.kind === 'misplaced') return ['misplaced', engine.objection.reason];
  if (engine.rollout !== null) return [engine.rollout, ROLLOUT_REASONS[engine.rollout]];
  if (engine.isOutdated) return ['outdated', 'created with other settings than the present ones'];
  if (limits.maxAgeMs > 0 && engine.ageMs >= limits.maxAgeMs) {
    return ['max_age', `older than ${formatDuration(limits.maxAgeMs)} (ENGINE_MAX_AGE)`];
  }
  if (limits.maxStarts > 0 && engine.starts >= limits.maxStarts) {
    return ['max_starts', `has started ${engine.starts} streams (ENGINE_MAX_STARTS)`];
  }
  return null;
}

function describeEnd({ phase, hasStarted }: FleetEngine): string {
  if (phase === 'created') return 'created but never started';
  return hasStarted ? 'its process has ended' : 'its process ended before its first answer';
}

function answers({ state }: FleetEngine): boolean {
  return state === 'healthy' || state === 'suspect';
}

function isConnected(engine: FleetEngine): boolean {
  return (
    engine.phase === 'running' &&
    !engine.hasVanished &&
    engine.missedListings < MAX_MISSED_LISTINGS &&
    engine.hasStarted &&
    answers(engine) &&
    engine.objection === null &&
    engine.disconnectedMs === 0
  );
}

function seconds(ms: number): string {
  return formatDuration(Math.round(ms / 1000) * 1000);
}
