import { continuityFaults } from '../testing/continuity.spec-support';
import { SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { StagedIntake } from './staged-intake';
import { StreamHistory } from './stream-history';
import { StreamIngest } from './stream-ingest';

/** Two parallel sources of one broadcast. The old one has sent `sentFrames` frames when the new one begins. */
class Pair {
  readonly history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 600_000 });
  readonly ingest = new StreamIngest(this.history, {
    appended: () => undefined,
    joinable: () => undefined,
  });
  readonly old = new SyntheticStream();
  isFlowing = true;
  isPlaced = false;
  readonly staged: StagedIntake;

  constructor(sentFrames: number) {
    this.ingest.beginSource();
    this.ingest.push(this.old.take(sentFrames), 0);
    this.staged = new StagedIntake(this.ingest, this.owner());
  }

  /** All bytes of the stream so far. */
  out(): Buffer {
    this.history.ring.commit();
    const views: Buffer[] = [];
    for (let at = 0, view; (view = this.history.ring.view(at)) !== null; at += view.length) {
      views.push(view);
    }
    return Buffer.concat(views);
  }

  private owner() {
    const over = (): void => {
      this.isFlowing = false;
    };
    const isFlowing = (): boolean => this.isFlowing;
    return {
      get isFlowing() {
        return isFlowing();
      },
      supersede: over,
      placed: () => {
        over();
        this.isPlaced = true;
      },
    };
  }
}

/** The same broadcast from its first frame on, without the first `left` frames. */
function broadcast(left: number): SyntheticStream {
  const stream = new SyntheticStream();
  stream.take(left);
  return stream;
}

/** The bytes of a single source without a change. */
function whole(frames: number): Buffer {
  return new SyntheticStream().take(frames);
}

describe('a source that is read in parallel to the current one', () => {
  it('that is ahead waits until the old one has caught up, so that nothing is lost or repeated', () => {
    const pair = new Pair(100);
    // One second ahead.
    const fresh = broadcast(130);
    let nowMs = 0;
    for (let n = 0; n < 60 && !pair.isPlaced; n += 1) {
      nowMs += 40;
      pair.staged.push(fresh.take(1), nowMs);
      if (pair.isFlowing) pair.ingest.push(pair.old.take(1), nowMs);
    }
    expect(pair.isPlaced).toBe(true);
    const out = pair.out();
    expect(out.length).toBeGreaterThan(whole(130).length);
    expect(out.equals(whole(200).subarray(0, out.length))).toBe(true);
  });

  it("that begins with old media continues at the old one's position, so that nothing is lost or repeated", () => {
    const pair = new Pair(100);
    const fresh = broadcast(40);
    pair.staged.push(fresh.take(58), 20);
    expect(pair.isPlaced).toBe(false);
    pair.ingest.push(pair.old.take(1), 30);
    pair.staged.push(fresh.take(6), 60);
    expect(pair.isPlaced).toBe(true);
    const out = pair.out();
    expect(out.equals(whole(200).subarray(0, out.length))).toBe(true);
    // From there on its bytes belong to the stream.
    pair.staged.push(fresh.take(10), 80);
    expect(pair.out().equals(whole(114))).toBe(true);
  });

  it('that stays behind ends the old one after 3 s, then catches up with its end', () => {
    const pair = new Pair(100);
    const fresh = broadcast(60);
    pair.staged.push(fresh.take(30), 0);
    let nowMs = 0;
    for (let n = 0; n < 200 && !pair.isPlaced; n += 1) {
      nowMs += 40;
      if (pair.isFlowing) pair.ingest.push(pair.old.take(1), nowMs);
      pair.staged.push(fresh.take(1), nowMs);
    }
    expect(pair.isPlaced).toBe(true);
    expect(nowMs).toBeGreaterThanOrEqual(3000);
    // It was ten frames behind.
    expect(nowMs).toBeLessThan(3800);
    const out = pair.out();
    expect(out.equals(whole(400).subarray(0, out.length))).toBe(true);
  });

  it('with another time base continues at its first key frame with shifted timestamps', () => {
    const pair = new Pair(100);
    const fresh = new SyntheticStream({ startMs: 3_600_000, videoPid: 0x200, audioPid: 0x201 });
    fresh.take(10);
    pair.staged.push(fresh.take(10), 20);
    expect([pair.isPlaced, pair.isFlowing]).toEqual([false, true]);
    pair.ingest.push(pair.old.take(10), 400);
    pair.staged.push(fresh.take(40), 420);
    expect(pair.isPlaced).toBe(true);
    const out = pair.out();
    expect(out.subarray(0, whole(110).length).equals(whole(110))).toBe(true);
    expect(continuityFaults(out)).toEqual([]);
    expect(pair.history.scanner.programme?.streams.map(({ pid }) => pid)).toEqual([0x100, 0x101]);
  });

  it('that is no transport stream, or has another kind of programme, never affects the stream', () => {
    const page = new Pair(50);
    expect(page.staged.push(Buffer.alloc(70_000, '<html>'), 0)).toBe('not_transport_stream');
    expect(page.out().equals(whole(50))).toBe(true);
    const other = new Pair(50);
    const fresh = new SyntheticStream({ startMs: 9_000_000, audioType: 0x03 });
    expect(other.staged.push(fresh.take(60), 0)).toBe('programme_changed');
    expect([other.isPlaced, other.isFlowing]).toEqual([false, true]);
    expect(other.out().equals(whole(50))).toBe(true);
  });
});
