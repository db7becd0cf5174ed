import type { AppConfig } from '../../../config';

export type LoopMode = AppConfig['loopDetection'];
export type LoopAction = Exclude<LoopMode, 'off'>;

/** If every source of a content loops, more failovers do not help, so their number is limited. */
const MAX_MOVES = 2;
const MOVES_WITHIN_MS = 600_000;

/** Decides the action against a loop: the one set in LOOP_DETECTION, but at most two failovers in 10 min. */
export class LoopPolicy {
  private moves: number[] = [];

  constructor(private readonly mode: LoopMode) {}

  decide(nowMs: number): LoopAction {
    if (this.mode === 'off') return 'report';
    if (this.mode !== 'failover') return this.mode;
    this.moves = this.moves.filter((at) => nowMs - at < MOVES_WITHIN_MS);
    if (this.moves.length >= MAX_MOVES) return 'report';
    this.moves.push(nowMs);
    return 'failover';
  }
}
