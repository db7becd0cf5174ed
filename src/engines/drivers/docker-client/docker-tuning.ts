/** How long each kind of call may take. */
export interface DockerTuning {
  /** Lists, inspections, logs, networks. */
  readonly lookMs: number;
  /** Create, start, unpause, and what changes services. */
  readonly changeMs: number;
  /** Docker's own wait for a killed process to be gone. */
  readonly killMs: number;
  /** On top of the time that a container is given to end. */
  readonly endMarginMs: number;
  /** A pull in all. */
  readonly pullMs: number;
  /** A pull that tells nothing for so long is over: Docker reports each second or so while bytes come. */
  readonly pullSilenceMs: number;
  /** Between the two samples that processor use is computed from. */
  readonly sampleGapMs: number;
}

export const DOCKER_TUNING: DockerTuning = {
  lookMs: 5000,
  changeMs: 15_000,
  killMs: 10_000,
  endMarginMs: 5000,
  pullMs: 600_000,
  pullSilenceMs: 120_000,
  sampleGapMs: 1000,
};
