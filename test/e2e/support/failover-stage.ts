import { newContentId, streamPath } from './contents';
import type { Product } from './product';
import { decode, fromFirstFlag } from './recording';
import { expectHonest, expectUntouched, videoAfterFlag } from './session-facts';
import type { Simulator } from './simulator';
import { StreamAudit } from './stream-audit';
import { SIM_PIDS } from './ts-packet';
import { openViewer, type Viewer } from './viewer';
import { eventually } from './wait';

/** A content that is being watched, and the engines before anything happens. */
export interface Scene {
  readonly id: string;
  readonly engine: Simulator;
  readonly others: readonly Simulator[];
  readonly viewer: Viewer;
}

/** Why a running stream needs another source, and what that may cost its viewers. */
export interface Cause {
  readonly name: string;
  /** What the engines do; the media, or the engine session, are lost by it. */
  readonly strike: (scene: Scene) => Promise<void>;
  /** Outcomes of the sources in order; the last one plays. */
  readonly sources: readonly RegExp[];
  /** Rule 23: a new session on the same engine comes first only after what is most often one session's trouble. */
  readonly endsOn: 'same' | 'other' | 'any';
  /** Longest time without media that a viewer bears, without the start of the next source and slack. */
  readonly silenceMs: number;
  /** `proved`: the new source's past reaches behind the cut. `flagged`: it can not, or the old media are no guide. */
  readonly splice: 'proved' | 'flagged';
  /** What came before the splice is the cause itself. */
  readonly isDamagedBefore?: true;
}

export const PLAYING = /^playing$/;
/** A reset that comes along with unread bytes is told as an end by the runtime. */
export const CUT = /^(?:reset|end)$/;

/** A busy machine, and the start of the next source with it. */
const SLACK_MS = 2500;
/** A silence is noticed by looks that may come a little early. */
const EARLY_MS = 300;
const KEPT_BYTES = 10_000_000;
/** In broadcast time, forward or, where time bases differ and nothing can be proved, back. */
const MOST_MISSING_MS = 8000;
const PICTURES_PER_S = 25;

/** Viewers of one product over several engines, and the judgement of what they got. */
export class FailoverStage {
  constructor(
    private readonly product: Product,
    private readonly engines: readonly Simulator[],
    /** How much longer than the cause says viewers may be without media; less than what it is to be told from. */
    private readonly slackMs = SLACK_MS,
  ) {}

  /** A viewer of a content of its own, with some media behind it. */
  async watch(id = newContentId()): Promise<Scene> {
    const viewer = openViewer(this.product.url(streamPath(id)), { keepBytes: KEPT_BYTES });
    await viewer.until(({ markers }) => markers.receivedMs > 1500, 30_000, 'media');
    const { container_id: engineId } = await this.product.session(id);
    const engine = this.engines.find((one) => one.engineId === engineId)!;
    return { id, engine, others: this.engines.filter((one) => one !== engine), viewer };
  }

  /** Lets it happen, and waits until the viewer has media from behind the splice. */
  async strike(cause: Cause, scene: Scene): Promise<Scene> {
    const { id, viewer } = scene;
    await viewer.receiveMore(1000);
    await cause.strike(scene);
    await eventually(
      async () => {
        const { state, attempts } = await this.product.session(id);
        const outcomes = attempts.map(({ outcome }: { outcome: string }) => outcome);
        if (state === 'live' && outcomes.length === cause.sources.length) return true;
        throw new Error(`${state}: ${outcomes.join(', ')}; ${viewer.audit.describe()}`);
      },
      40_000,
      'the next source',
    );
    await viewer.receiveMore(2500);
    return scene;
  }

  /** Asserts that the viewer got what the cause allows, no less and nothing else. */
  async judge(cause: Cause, { id, engine, viewer }: Scene): Promise<void> {
    const { audit } = viewer;
    expect(viewer.ending).toBeNull();

    // Where it went, and why.
    const session = await this.product.session(id);
    const outcomes = session.attempts.map(({ outcome }: { outcome: string }) => outcome);
    expect(outcomes).toEqual(cause.sources.map((source) => expect.stringMatching(source)));
    expect(session).toMatchObject({ state: 'live', client_count: 1, error: null });
    if (cause.endsOn === 'same') expect(session.container_id).toBe(engine.engineId);
    if (cause.endsOn === 'other') expect(session.container_id).not.toBe(engine.engineId);

    // How long it took.
    expect(audit.longestGapMs).toBeLessThan(cause.silenceMs + this.slackMs);
    if (cause.silenceMs > 0) {
      expect(audit.longestGapMs).toBeGreaterThan(cause.silenceMs - EARLY_MS);
    }

    // What was lost or repeated, and whether that was said.
    if (cause.splice === 'proved') {
      expectUntouched(audit);
      expect(audit.continuityErrors + audit.tableContinuityErrors).toBe(0);
    } else {
      expect(audit.markers.jumps).toHaveLength(1);
      expect(Math.abs(audit.markers.jumps[0]!.ms)).toBeLessThan(MOST_MISSING_MS);
      if (audit.pids.has(SIM_PIDS.video)) expect(videoAfterFlag(viewer.kept())).toBe('key frame');
    }
    const body = cause.splice === 'proved' ? viewer.kept() : fromFirstFlag(viewer.kept());
    for (const seen of cause.isDamagedBefore ? [audited(body)] : [audit, audited(body)]) {
      expectHonest(seen);
      expectOneTimeline(seen);
    }
    expect(audit.markers.infohashes).toHaveLength(1);

    // Whether it can be decoded: all of it, or all from where the flag tells players to begin anew.
    const { complaints, pictures } = await decode(body);
    expect(complaints).toEqual([]);
    if (audit.pids.has(SIM_PIDS.video)) expect(pictures).toBeGreaterThan(PICTURES_PER_S);
  }
}

function audited(body: Buffer): StreamAudit {
  const audit = new StreamAudit();
  audit.feed(body);
  return audit;
}

/** Clock references and decode times go forward, and no further than what is missing. */
function expectOneTimeline({ pids, markers }: StreamAudit): void {
  const missingMs = Math.max(0, ...markers.jumps.map(({ ms }) => ms));
  for (const pid of [SIM_PIDS.video, SIM_PIDS.audio]) {
    const audit = pids.get(pid);
    if (audit === undefined) continue;
    expect(audit).toMatchObject({ backSteps: 0, clockBackSteps: 0 });
    expect(audit.largestClockStepMs ?? 0).toBeLessThan(missingMs + 200);
    // Sound comes in larger pieces than pictures.
    expect(audit.largestStepMs).toBeLessThan(missingMs + 700);
  }
}
