import { formatDuration } from '../../kernel/units';
import type { FleetEngine, FleetLimits, FleetSnapshot } from './fleet.types';
import { MISSED_LOOKS } from './seen-engines';

/** An engine that reports no network for this long, while another engine reports one, is failing. */
const DISCONNECTED_MS = 180_000;
/** Letting a frozen engine run on takes moments; if it is frozen still, somebody or something keeps it so. */
const THAW_MS = 10_000;

/**
 * What an engine is to the fleet. The first that applies, from top to bottom:
 *
 *   absent       gone; the registry is told by who looks
 *   leaving      its removal is under way
 *   over         it has no process: it ended, or was never started
 *   held         an operator drains it: theirs to decide
 *   lost         its network is gone for good
 *   stuck        it has not answered once within ENGINE_START_TIMEOUT
 *   cut_off      its VPN is down; it may recover
 *   retiring     drained by us to be made anew
 *   released     drained by us for a reason that is over
 *   failing      it runs and is of no use; it may recover, so its successor comes first
 *   coming       it starts, or is about to work again
 *   replaceable  it works and is to be made anew
 *   ready        it works
 */
export type EngineStanding =
  | 'absent'
  | 'leaving'
  | 'over'
  | 'held'
  | 'lost'
  | 'stuck'
  | 'cut_off'
  | 'retiring'
  | 'released'
  | 'failing'
  | 'coming'
  | 'replaceable'
  | 'ready';

export interface JudgedEngine {
  readonly engine: FleetEngine;
  readonly standing: EngineStanding;
  /** In words for an operator; empty where there is nothing to say. */
  readonly why: string;
}

/** Judges every engine, in the order of their ids: equal snapshots lead to equal decisions. */
export function judgeAll(snapshot: FleetSnapshot): JudgedEngine[] {
  const isAnyConnected = snapshot.engines.some(isConnected);
  return [...snapshot.engines]
    .sort((a, b) => compareText(a.id, b.id))
    .map((engine) => {
      const [standing, why] = judge(engine, snapshot.limits, isAnyConnected);
      return { engine, standing, why };
    });
}

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function judge(
  engine: FleetEngine,
  limits: FleetLimits,
  isAnyConnected: boolean,
): [EngineStanding, string] {
  if (engine.hasVanished || engine.missedLooks >= MISSED_LOOKS) return ['absent', ''];
  if (engine.isBeingRemoved) return ['leaving', ''];
  const hasNoProcess = engine.phase === 'ended' || engine.phase === 'created';
  // Work that is no removal brings it back: it is being started for the first time, or anew.
  if (hasNoProcess && !engine.isBusy) return ['over', wordsOfEnd(engine)];
  if (engine.drainedBy === 'operator') return ['held', ''];
  if (engine.objection?.kind === 'lost') return ['lost', engine.objection.reason];
  if (hasNoProcess) return ['coming', ''];
  if (engine.phase === 'running' && !engine.hasStarted && engine.upMs > limits.startTimeoutMs) {
    return ['stuck', `no answer within ${formatDuration(limits.startTimeoutMs)} of its start`];
  }
  if (engine.objection?.kind === 'cut_off') return ['cut_off', engine.objection.reason];
  const oldAge = engine.hasStarted ? reasonToRenew(engine, limits) : null;
  if (engine.drainedBy === 'fleet') {
    return oldAge === null
      ? ['released', 'the reason for draining it is gone']
      : ['retiring', oldAge];
  }
  const failure = reasonOfFailure(engine, isAnyConnected);
  if (failure !== null) return ['failing', failure];
  if (engine.phase === 'paused') return ['coming', 'it was paused from outside'];
  if (!engine.hasStarted || !answers(engine)) return ['coming', ''];
  return oldAge === null ? ['ready', ''] : ['replaceable', oldAge];
}

/**
 * Why an engine that runs is of no use. One that is frozen again and again is let run on again and again: each
 * time it is some moments of ours, and who freezes it is the one to tire of that.
 */
function reasonOfFailure(engine: FleetEngine, isAnyConnected: boolean): string | null {
  if (engine.phase === 'paused') return engine.pausedMs > THAW_MS ? 'it stays paused' : null;
  if (!engine.hasStarted) return null;
  if (engine.state === 'unhealthy') return `unhealthy for ${seconds(engine.unhealthyMs)}`;
  if (engine.state === null) return 'it runs but has no address any more';
  if (isAnyConnected && engine.disconnectedMs >= DISCONNECTED_MS) {
    return `has reached no network for ${seconds(engine.disconnectedMs)}, while another engine does`;
  }
  return null;
}

/** Why an engine that works is to be made anew. */
function reasonToRenew(engine: FleetEngine, limits: FleetLimits): string | null {
  if (engine.objection?.kind === 'misplaced') return engine.objection.reason;
  if (engine.isOutdated) return 'created with other settings than the present ones';
  if (limits.maxAgeMs > 0 && engine.ageMs >= limits.maxAgeMs) {
    return `older than ${formatDuration(limits.maxAgeMs)} (ENGINE_MAX_AGE)`;
  }
  if (limits.maxStarts > 0 && engine.starts >= limits.maxStarts) {
    return `has started ${engine.starts} streams (ENGINE_MAX_STARTS)`;
  }
  return null;
}

function wordsOfEnd({ phase, hasStarted }: FleetEngine): string {
  if (phase === 'created') return 'created but never started';
  return hasStarted ? 'its process has ended' : 'its process ended before it had answered once';
}

function answers({ state }: FleetEngine): boolean {
  return state === 'healthy' || state === 'suspect';
}

function isConnected(engine: FleetEngine): boolean {
  return (
    engine.phase === 'running' &&
    !engine.hasVanished &&
    engine.missedLooks < MISSED_LOOKS &&
    engine.hasStarted &&
    answers(engine) &&
    engine.objection === null &&
    engine.disconnectedMs === 0
  );
}

function seconds(ms: number): string {
  return formatDuration(Math.round(ms / 1000) * 1000);
}
