import { endWithParent } from './child-side';
import { MediaViewer } from './media-viewer';
import { newMediaTally } from './media-watch';
import { streamPath } from './stream-path';

/**
 * Viewers of a real broadcast, in their own process. The benchmark starts it with a plan as JSON in its first
 * argument. It sends `watching` once all viewers get media; `mark` begins the measured time, `report` requests the
 * results of that time.
 */

export interface AudiencePlan {
  port: number;
  viewers: number;
  rampMs: number;
}

/** Results since the mark. */
export interface AudienceReport {
  /** Longest time without media of each viewer, sorted, ms. */
  silenceMs: number[];
  /** Responses that ended, before or after the mark. */
  disconnects: number;
  lostUnits: number;
  repeatedUnits: number;
  continuityErrors: number;
  tableContinuityErrors: number;
  discontinuityFlags: number;
  misaligned: number;
  bytes: number;
}

export type AudienceOrder = 'mark' | 'report';
export type AudienceMessage =
  { type: 'watching' } | { type: 'marked' } | { type: 'report'; report: AudienceReport };

const LOOK_MS = 50;

endWithParent();
const plan = JSON.parse(process.argv[2] ?? '{}') as AudiencePlan;
const tally = newMediaTally();
const viewers: MediaViewer[] = [];
const tell = (message: AudienceMessage): void => {
  process.send?.(message);
};

for (let index = 0; index < plan.viewers; index++) {
  const join = (): void => {
    viewers.push(new MediaViewer(plan.port, streamPath(0), tally));
  };
  setTimeout(join, (index * plan.rampMs) / plan.viewers);
}
const looking = setInterval(() => {
  if (viewers.length < plan.viewers || !viewers.every(({ watch }) => watch.hasMedia)) return;
  clearInterval(looking);
  tell({ type: 'watching' });
}, LOOK_MS);

process.on('message', (order: AudienceOrder) => {
  if (order === 'mark') {
    for (const { watch } of viewers) watch.mark();
    Object.assign(tally, { ...newMediaTally(), longestStep: tally.longestStep, learning: false });
    tell({ type: 'marked' });
  } else {
    tell({ type: 'report', report: report() });
  }
});

function report(): AudienceReport {
  const now = performance.now();
  const { lostUnits, repeatedUnits, continuityErrors, tableContinuityErrors, discontinuityFlags } =
    tally;
  return {
    silenceMs: viewers.map(({ watch }) => watch.silenceMs(now)).sort((a, b) => a - b),
    disconnects: viewers.filter(({ isOver }) => isOver).length,
    ...{ lostUnits, repeatedUnits, continuityErrors, tableContinuityErrors, discontinuityFlags },
    misaligned: tally.misaligned,
    bytes: tally.bytes,
  };
}
