import { JOB_REASONS, type JobReason } from '../coordination';
import { STORAGE_REASONS, type StorageReason } from '../storage';

/** Reasons why new viewers should use another instance. */
export const UNREADY_REASONS = ['shutting_down', 'engines_unknown', 'no_usable_engine'] as const;

export type UnreadyReason = (typeof UNREADY_REASONS)[number];

/** All reasons that readiness can report. Those that are not an `UnreadyReason` mean `degraded`. */
export const READINESS_REASONS = [...UNREADY_REASONS, ...STORAGE_REASONS, ...JOB_REASONS];

export type ReadinessReason = UnreadyReason | StorageReason | JobReason;
