import type { AppConfig } from '../../../config';

export type LoopMode = AppConfig['loopDetection'];
export type LoopAction = Exclude<LoopMode, 'off'>;

/** When every source of a content loops, changing between them does not help. */
const MAX_MOVES = 2;
const MOVES_WITHIN_MS = 600_000;

/** Decides what is done about a loop: as LOOP_DETECTION says, but at most two failovers in ten minutes. */
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
