import type { Fault } from '../faults/fault';
import type { RequestFaults } from '../faults/fault-book';
import type { FaultKind } from '../faults/fault-kinds';
import type { Damage } from './damage';
import { damagesOf } from './packet-damage';

/** The effect on a playback at a given time. */
export type PlaybackEvent =
  | { readonly kind: 'stall'; readonly resumeAfterMs: number | null }
  | { readonly kind: 'end' | 'reset' | 'freeze' }
  | { readonly kind: 'steal'; readonly how: 'end' | 'reset' | 'freeze' }
  | { readonly kind: 'pcr_jump'; readonly seconds: number }
  | { readonly kind: 'loop_back'; readonly seconds: number }
  | { readonly kind: 'crash'; readonly code: number };

/** The time: a number of body bytes sent, or a time after the head; whichever is given. */
export interface TimedEvent {
  readonly event: PlaybackEvent;
  readonly atBytes: number | null;
  readonly atMs: number | null;
}

/** The faults of one playback. */
export interface PlaybackPlan {
  readonly noData: boolean;
  readonly dataAfterMs: number;
  readonly rate: number;
  readonly jitterMs: number;
  /** Number of past bytes that are sent at once instead of the content's burst; null: the content's. */
  readonly burstBytes: number | null;
  /** The past media arrive this many times as fast as real time, instead of at once. */
  readonly burstPace: number;
  readonly damages: readonly Damage[];
  readonly events: readonly TimedEvent[];
}

function moment(fault: Fault, event: PlaybackEvent): TimedEvent {
  const atBytes = fault.optionalNumber('bytes');
  const atMs = fault.optionalNumber('ms') ?? (atBytes === null ? 0 : null);
  return { event, atBytes, atMs };
}

function endOf(fault: Fault): 'end' | 'reset' | 'freeze' {
  const how = fault.text('how', 'end');
  return how === 'reset' || how === 'freeze' ? how : 'end';
}

const EVENTS: Partial<Record<FaultKind, (fault: Fault) => TimedEvent>> = {
  stall_after: (fault) =>
    moment(fault, { kind: 'stall', resumeAfterMs: fault.optionalNumber('resume_after_ms') }),
  end_after: (fault) => moment(fault, { kind: 'end' }),
  reset_after: (fault) => moment(fault, { kind: 'reset' }),
  cut_mid_packet: (fault) => ({
    event: { kind: endOf(fault) },
    // Half a packet after the requested packet boundary.
    atBytes: Math.floor(fault.number('bytes', 1_000_000) / 188) * 188 + 94,
    atMs: null,
  }),
  session_stolen: (fault) => moment(fault, { kind: 'steal', how: endOf(fault) }),
  pcr_jump: (fault) => moment(fault, { kind: 'pcr_jump', seconds: fault.number('seconds', 3600) }),
  loop_back: (fault) => moment(fault, { kind: 'loop_back', seconds: fault.number('seconds', 60) }),
  crash: (fault) => moment(fault, { kind: 'crash', code: fault.number('code', 1) }),
};

export function planPlayback(faults: RequestFaults): PlaybackPlan {
  const events = faults.all.flatMap((fault) => EVENTS[fault.kind]?.(fault) ?? []);
  return {
    noData: faults.has('no_data'),
    dataAfterMs: faults.get('data_after')?.number('ms', 1000) ?? 0,
    rate: faults.get('rate')?.number('factor', 0.5) ?? 1,
    jitterMs: faults.get('jitter')?.number('ms', 500) ?? 0,
    burstBytes: faults.get('burst')?.number('bytes', 40_000_000) ?? null,
    burstPace: faults.get('slow_burst')?.number('factor', 4) ?? Infinity,
    damages: damagesOf(faults),
    events,
  };
}
