import type { AppConfig } from '../../../config';

export type LoopMode = AppConfig['loopDetection'];
export type LoopAction = Exclude<LoopMode, 'off'>;

/** Limits failovers because of loops, which do not help if the content loops on every engine. */
const MAX_FAILOVERS = 2;
const FAILOVERS_WITHIN_MS = 600_000;

/** Decides what to do about a loop: what LOOP_DETECTION says, but after two failovers within 10 min only a report. */
export class LoopPolicy {
  private failoverTimesMs: number[] = [];

  constructor(private readonly config: Pick<AppConfig, 'loopDetection'>) {}

  decide(nowMs: number): LoopAction {
    const { loopDetection: mode } = this.config;
    if (mode === 'off') return 'report';
    if (mode !== 'failover') return mode;
    this.failoverTimesMs = this.failoverTimesMs.filter((at) => nowMs - at < FAILOVERS_WITHIN_MS);
    if (this.failoverTimesMs.length >= MAX_FAILOVERS) return 'report';
    this.failoverTimesMs.push(nowMs);
    return 'failover';
  }
}
