import { newContentId, streamPath } from './contents';
import type { Product } from './product';
import { decode, fromFirstFlag } from './recording';
import { expectHonest, expectUntouched, videoAfterFlag } from './session-facts';
import type { Simulator } from './simulator';
import { StreamAudit } from './stream-audit';
import { SIM_PIDS } from './ts-packet';
import { openViewer, type Viewer } from './viewer';
import { eventually } from './wait';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

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
  /** A new session on the same engine comes first only after a fault that usually affects one engine session. */
  readonly endsOn: 'same' | 'other' | 'any';
  /** Longest time without media that a viewer bears, without the start of the next source and slack. */
  readonly silenceMs: number;
  /** `proved`: the new source's past reaches behind the cut. `flagged`: it can not, or the old media are no guide. */
  readonly splice: 'proved' | 'flagged';
  /** How late things may be besides; far less than what a cause is told from. 6 s when not given. */
  readonly lateMs?: number;
  /** What came before the splice is the cause itself. */
  readonly isDamagedBefore?: true;
}

export const PLAYING = /^playing$/;
/** A reset that comes along with unread bytes is told as an end by the runtime. */
export const CUT = /^(?:reset|end)$/;

/** A busy machine, and the start of the next source with it. Why a source was lost is told by its outcome. */
const SLACK_MS = 6000;
/** A silence is seen from here: shorter by what we were late with the last media before it. */
const SEEN_OF_SILENCE = 0.5;
const KEPT_BYTES = 10_000_000;
/** In broadcast time, forward or, where time bases differ and nothing can be proved, back. */
const MOST_MISSING_MS = 8000;
const NEXT_SOURCE_WITHIN_MS = 60_000;
const PICTURES_PER_S = 25;
/** 2.5 s of the broadcast. */
const MARKERS_AFTER = 125;

/** Viewers of one product over several engines, and the judgement of what they got. */
export class FailoverStage {
  /** Each viewer's session as it was when there were media from behind the splice. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the wire's shape is what tests look at
  private readonly sessions = new Map<Viewer, any>();

  constructor(
    private readonly product: Product,
    private readonly engines: readonly Simulator[],
    /** How much longer than the cause says viewers may be without media; less than what it is to be told from. */
    private readonly slackMs = SLACK_MS,
  ) {}

  /** A viewer of a content of its own, with some media behind it. */
  async watch(id = newContentId()): Promise<Scene> {
    const viewer = openViewer(this.product.url(streamPath(id)), { keepBytes: KEPT_BYTES });
    await viewer.until(({ markers }) => markers.receivedMs > 1500, 60_000, 'media');
    const { container_id: engineId } = await this.product.session(id);
    const engine = this.engines.find((one) => one.engineId === engineId)!;
    return { id, engine, others: this.engines.filter((one) => one !== engine), viewer };
  }

  /** Lets it happen, waits until the viewer has media from behind the splice, and has it leave: what it got is judged. */
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
      NEXT_SOURCE_WITHIN_MS,
      'the next source',
    );
    const { splice } = cause;
    await viewer.until(({ flagged }) => splice === 'proved' || flagged > 0, 30_000, 'a flag');
    // Counted, since the time that a flagged splice leaves out was not received.
    const { count } = viewer.audit.markers;
    await viewer.until(
      ({ markers }) => markers.count > count + MARKERS_AFTER,
      30_000,
      'more media',
    );
    this.sessions.set(viewer, await this.product.session(id));
    expect(viewer.ending).toBeNull();
    viewer.destroy();
    return scene;
  }

  /** Asserts that the viewer got what the cause allows, no less and nothing else. */
  async judge(cause: Cause, { engine, viewer }: Scene): Promise<void> {
    const { audit } = viewer;
    const session = this.sessions.get(viewer);

    // Where it went, and why.
    const outcomes = session.attempts.map(({ outcome }: { outcome: string }) => outcome);
    expect(outcomes).toEqual(cause.sources.map((source) => expect.stringMatching(source)));
    expect(session).toMatchObject({ state: 'live', client_count: 1, error: null });
    if (cause.endsOn === 'same') expect(session.container_id).toBe(engine.engineId);
    if (cause.endsOn === 'other') expect(session.container_id).not.toBe(engine.engineId);

    // How long it took.
    expect(audit.longestGapMs).toBeLessThan(
      withLag(cause.silenceMs + (cause.lateMs ?? this.slackMs)),
    );
    if (cause.silenceMs > 0) {
      expect(audit.longestGapMs).toBeGreaterThan(cause.silenceMs * SEEN_OF_SILENCE);
    }

    const missingMs = cause.silenceMs + MOST_MISSING_MS;
    await expectSpliced(viewer, cause.splice, cause.isDamagedBefore, missingMs);
  }
}

/**
 * Asserts that a viewer got one stream over the change of its source: what was lost or repeated was said, times go on,
 * and all of it can be decoded, or all from where a flag tells players to begin anew.
 */
export async function expectSpliced(
  viewer: Viewer,
  splice: Cause['splice'],
  isDamagedBefore = false,
  mostMissingMs = MOST_MISSING_MS,
): Promise<void> {
  const { audit } = viewer;
  const received = viewer.kept();
  if (splice === 'proved') {
    expectUntouched(audit);
  } else {
    expect(audit.markers.jumps).toHaveLength(1);
    expect(Math.abs(audit.markers.jumps[0]!.ms)).toBeLessThan(mostMissingMs);
    if (audit.pids.has(SIM_PIDS.video)) expect(videoAfterFlag(received)).toBe('key frame');
  }
  const body = splice === 'proved' ? received : fromFirstFlag(received);
  for (const seen of isDamagedBefore ? [audited(body)] : [audit, audited(body)]) {
    expectHonest(seen);
    expectOneTimeline(seen);
  }
  expect(audit.markers.infohashes).toHaveLength(1);
  const { complaints, pictures } = await decode(body);
  expect(complaints).toEqual([]);
  if (audit.pids.has(SIM_PIDS.video)) expect(pictures).toBeGreaterThan(PICTURES_PER_S);
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
