import type { Candidate } from './candidate';
import { filterReasons, spareReasons, type FilterReason, type SpareReason } from './filters';
import { scores, type Score, type SelectionWeights } from './criteria';

/** The assessment of one engine, with its reasons. */
export interface Assessment {
  readonly candidate: Candidate;
  /** Reasons that exclude it from this decision; empty if it may be chosen. */
  readonly filters: readonly (FilterReason | SpareReason)[];
  readonly scores: readonly Score[];
  readonly total: number;
}

/** One decision: the assessment of every engine, best first, and the chosen engine. */
export interface Ranking {
  readonly assessments: readonly Assessment[];
  readonly chosen: string | null;
}

/**
 * Filters and scores every engine, and keeps the reasons. Of the engines that pass the filters, the one with the
 * highest total is chosen; ties go to the engine that was unused longest, then to the smaller id. The order of
 * `candidates` does not matter.
 */
export function rank(candidates: readonly Candidate[], weights: SelectionWeights): Ranking {
  const isFaultlessEngineFree = candidates.some(
    (candidate) => filterReasons(candidate).length === 0 && spareReasons(candidate).length === 0,
  );
  const assessments = candidates
    .map((candidate): Assessment => {
      const parts = scores(candidate, weights);
      return {
        candidate,
        filters: [
          ...filterReasons(candidate),
          ...(isFaultlessEngineFree ? spareReasons(candidate) : []),
        ],
        scores: parts,
        total: parts.reduce((sum, score) => sum + score.value, 0),
      };
    })
    .sort(compare);
  const best = assessments[0];
  return {
    assessments,
    chosen: best === undefined || best.filters.length > 0 ? null : best.candidate.id,
  };
}

function compare(a: Assessment, b: Assessment): number {
  const filtered = Number(a.filters.length > 0) - Number(b.filters.length > 0);
  if (filtered !== 0) return filtered;
  if (a.total !== b.total) return b.total - a.total;
  const used = a.candidate.lastReservation - b.candidate.lastReservation;
  if (used !== 0) return used;
  return a.candidate.id < b.candidate.id ? -1 : 1;
}
