import type { Candidate } from './candidate';
import type { Ranking } from './ranking';

/** Chooses the engine for a stream. It only decides: it reserves nothing and calls no engine. */
export abstract class EngineSelector {
  /** Returns the assessment of every engine, best first, and the chosen engine, or null if none may be chosen now. */
  abstract rank(candidates: readonly Candidate[]): Ranking;
}
