import type { Candidate } from './candidate';
import type { Ranking } from './ranking';

/** Chooses the engine for a stream. A pure decision: it reserves nothing and asks nobody. */
export abstract class EngineSelector {
  /** Every engine's assessment, best first, and the one that is chosen; null when none may be chosen now. */
  abstract rank(candidates: readonly Candidate[]): Ranking;
}
