/** Why new viewers should go elsewhere. */
export const UNREADY_REASONS = ['shutting_down', 'engines_unknown', 'no_usable_engine'] as const;

export type UnreadyReason = (typeof UNREADY_REASONS)[number];
