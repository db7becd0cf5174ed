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

/** A content with a viewer, and the engines before the failure. */
export interface Scene {
  readonly id: string;
  readonly engine: Simulator;
  readonly others: readonly Simulator[];
  readonly viewer: Viewer;
}

/** A cause for a change of the source, and the effects that viewers may notice. */
export interface Cause {
  readonly name: string;
  /** Makes the engines fail, so that the media or the engine session are lost. */
  readonly strike: (scene: Scene) => Promise<void>;
  /** Outcomes of the attempts in order; the last one plays. */
  readonly sources: readonly RegExp[];
  /**
   * The engine of the last source. A new session on the same engine is tried first only after faults that usually
   * affect one engine session.
   */
  readonly endsOn: 'same' | 'other' | 'any';
  /** Longest time without media for the viewer, without the start of the next source and tolerance. */
  readonly silenceMs: number;
  /**
   * `proved`: the new source's past media begin before the cut. `flagged`: they do not, or the old media cannot be
   * compared.
   */
  readonly splice: 'proved' | 'flagged';
  /** Tolerance for all delays; far less than the differences between causes. 6 s by default. */
  readonly lateMs?: number;
  /** True if the media before the splice contain the fault itself. */
  readonly isDamagedBefore?: true;
}

export const PLAYING = /^playing$/;
/** If a reset arrives together with unread bytes, the runtime reports an end. */
export const CUT = /^(?:reset|end)$/;

/** Tolerance for a busy machine and the start of the next source. The outcome shows why a source was lost. */
const SLACK_MS = 6000;
/** Minimum measured share of the nominal silence: below 1, because the last media before it may be received late. */
const SEEN_OF_SILENCE = 0.5;
const KEPT_BYTES = 10_000_000;
/** Length of the jump in broadcast time, forward or, if time bases differ and the overlap cannot be proved, back. */
const MOST_MISSING_MS = 8000;
const NEXT_SOURCE_WITHIN_MS = 60_000;
const PICTURES_PER_S = 25;
/** 2.5 s of the broadcast. */
const MARKERS_AFTER = 125;

/** Viewers of one product with several engines, and the assertions about their streams. */
export class FailoverStage {
  /** Each viewer's session as it was when media after the splice arrived. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests check the shape of answers
  private readonly sessions = new Map<Viewer, any>();

  constructor(
    private readonly product: Product,
    private readonly engines: readonly Simulator[],
    /**
     * How much longer than the cause's own time viewers may be without media; less than the differences between
     * causes.
     */
    private readonly slackMs = SLACK_MS,
  ) {}

  /** Adds a viewer of a new content, which has received some media. */
  async watch(id = newContentId()): Promise<Scene> {
    const viewer = openViewer(this.product.url(streamPath(id)), { keepBytes: KEPT_BYTES });
    await viewer.until(({ markers }) => markers.receivedMs > 1500, 60_000, 'media');
    const { container_id: engineId } = await this.product.session(id);
    const engine = this.engines.find((one) => one.engineId === engineId)!;
    return { id, engine, others: this.engines.filter((one) => one !== engine), viewer };
  }

  /**
   * Triggers the cause, waits until the viewer has media from after the splice, closes the viewer and checks its
   * stream.
   */
  async strike(cause: Cause, scene: Scene): Promise<Scene> {
    const { id, viewer } = scene;
    await viewer.receiveMore(1000);
    await cause.strike(scene);
    await eventually(
      async () => {
        const { state, attempts } = await this.product.session(id);
        const outcomes = attempts.map(describeAttempt);
        if (state === 'live' && outcomes.length === cause.sources.length) return true;
        throw new Error(`${state}: ${outcomes.join(', ')}; ${viewer.audit.describe()}`);
      },
      NEXT_SOURCE_WITHIN_MS,
      'the next source',
    );
    const { splice } = cause;
    await viewer.until(({ flagged }) => splice === 'proved' || flagged > 0, 30_000, 'a flag');
    // Counted, because the time that a flagged splice skips was not received.
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

  /** Asserts that the viewer's stream shows exactly the effects that the cause allows. */
  async judge(cause: Cause, { engine, viewer }: Scene): Promise<void> {
    const { audit } = viewer;
    const session = this.sessions.get(viewer);

    // The new source, and the reason of the change.
    const outcomes = session.attempts.map(describeAttempt);
    expect(outcomes).toEqual(cause.sources.map((source) => expect.stringMatching(source)));
    expect(session).toMatchObject({ state: 'live', client_count: 1, error: null });
    if (cause.endsOn === 'same') expect(session.container_id).toBe(engine.engineId);
    if (cause.endsOn === 'other') expect(session.container_id).not.toBe(engine.engineId);

    // Duration.
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
 * Asserts that a viewer received one stream over the change of its source: losses and repetitions were flagged,
 * times continue, and everything can be decoded, or everything after a flag that tells players to start again.
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

/** Clock references and decoding times increase, by no more than the missing media. */
function expectOneTimeline({ pids, markers }: StreamAudit): void {
  const missingMs = Math.max(0, ...markers.jumps.map(({ ms }) => ms));
  for (const pid of [SIM_PIDS.video, SIM_PIDS.audio]) {
    const audit = pids.get(pid);
    if (audit === undefined) continue;
    expect(audit).toMatchObject({ backSteps: 0, clockBackSteps: 0 });
    expect(audit.largestClockStepMs ?? 0).toBeLessThan(missingMs + 200);
    // Sound has larger access units than pictures.
    expect(audit.largestStepMs).toBeLessThan(missingMs + 700);
  }
}

/** Code and detail of what became of an attempt. */
function describeAttempt({ outcome, detail }: { outcome: string; detail: string | null }): string {
  return detail === null ? outcome : `${outcome}: ${detail}`;
}
