import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { continuityCounter, discontinuityIndicator, hasPayload, pid } from '../mpegts';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { StreamHistory } from './stream-history';

const LIMITS = { maxBytes: 4 * 1024 * 1024, maxAgeMs: 60_000 };
const FIXTURES = join(__dirname, '../mpegts/fixtures');
const FIXTURE = readFileSync(join(FIXTURES, 'h264-aac.m2t'));
const KEYFRAMES = [564, 12_596, 26_508, 40_796];

function historyOf(bytes: Buffer, limits = LIMITS, nowMs = 0): StreamHistory {
  const history = new StreamHistory(limits);
  history.append(bytes, 0, bytes.length, nowMs);
  history.ring.commit();
  return history;
}

describe('StreamHistory', () => {
  it('lets viewers of the start begin at the oldest key frame, with PAT and PMT before it', () => {
    const history = historyOf(FIXTURE);
    const point = history.firstJoinPoint();
    expect(point?.position).toBe(KEYFRAMES[0]);
    expect(packetsOf(point!.preface).map((packet) => pid(packet, 0))).toEqual([0, 4096]);
  });

  it.each([
    [0, 40_796],
    // The stream is 3.2 s long, with a key frame each second.
    [1000, 26_508],
    [2000, 12_596],
    [60_000, 564],
  ])('lets later viewers begin %d ms behind the head', (behindMs, position) => {
    expect(historyOf(FIXTURE).laterJoinPoint(behindMs)?.position).toBe(position);
  });

  it('measures the distance of a position to the head in media time', () => {
    const history = historyOf(FIXTURE);
    const behind = history.mediaMsBehind(KEYFRAMES[2]!)!;
    expect(behind).toBeGreaterThan(1000);
    expect(behind).toBeLessThan(1500);
    expect(history.mediaMsBehind(history.ring.head)).toBe(0);
    expect(new StreamHistory(LIMITS).mediaMsBehind(0)).toBeNull();
  });

  it('reports its capacity in media time, not the present content', () => {
    const stream = (): Buffer => new SyntheticStream({ frameBytes: 6000 }).take(150);
    const history = historyOf(stream());
    const { bitrateBps } = history;
    expect(bitrateBps).toBeGreaterThan(1_200_000);
    expect(history.capacityMs).toBeCloseTo((history.ring.capacityBytes * 8000) / bitrateBps!, -2);
    history.ring.setShare(LIMITS.maxBytes / 2);
    expect(history.ring.capacityBytes).toBeLessThan(LIMITS.maxBytes / 2);
    expect(history.capacityMs).toBeCloseTo((history.ring.capacityBytes * 8000) / bitrateBps!, -2);
    const short = historyOf(stream(), { ...LIMITS, maxAgeMs: 5000 });
    expect(short.capacityMs).toBe(5000);
    expect(new StreamHistory(LIMITS).capacityMs).toBe(60_000);
  });

  it('drops points together with their bytes', () => {
    const history = historyOf(new SyntheticStream({ frameBytes: 20_000 }).take(200));
    const before = history.points.count;
    history.ring.setShare(1024 * 1024);
    history.trim(0);
    expect(history.points.count).toBeLessThan(before);
    const oldest = history.firstJoinPoint()!.position;
    expect(oldest).toBeGreaterThanOrEqual(history.ring.tail);
    expect(history.ring.view(oldest)).not.toBeNull();
  });

  it('keeps within its size limit while bytes are appended', () => {
    const stream = new SyntheticStream({ frameBytes: 20_000 });
    const history = new StreamHistory({ maxBytes: 1024 * 1024, maxAgeMs: 60_000 });
    for (let i = 0; i < 200; i++) {
      const frame = stream.take(1);
      history.append(frame, 0, frame.length, i);
      history.ring.commit();
      expect(history.ring.allocatedBytes).toBeLessThanOrEqual(1024 * 1024 + 188_000);
    }
  });

  describe('without a random access point', () => {
    const stream = (): Buffer => new SyntheticStream({ gop: 0 }).take(100);

    it('offers no join point until plain joins are allowed, then one right after PAT and PMT', () => {
      const history = historyOf(stream());
      expect(history.firstJoinPoint()).toBeNull();
      expect(history.laterJoinPoint(0)).toBeNull();
      expect(history.allowPlainJoin()).toBe(true);
      expect(history.firstJoinPoint()?.position).toBe(376);
      expect(history.laterJoinPoint(60_000)?.position).toBe(376);
    });

    it('offers its oldest join point once the first ones were dropped', () => {
      const history = historyOf(stream(), { ...LIMITS, maxBytes: 100_000 });
      history.allowPlainJoin();
      history.append(stream(), 0, stream().length, 1);
      history.ring.commit();
      history.trim(1);
      expect(history.ring.tail).toBeGreaterThan(376);
      const { position } = history.firstJoinPoint()!;
      expect(position).toBeGreaterThanOrEqual(history.ring.tail);
      expect(history.mediaMsBehind(position)).toBeGreaterThan(
        history.mediaMsBehind(history.ring.tail)! - 600,
      );
    });

    it('allows no plain join before PAT and PMT', () => {
      const history = historyOf(new SyntheticStream({ gop: 0, psi: false }).take(10));
      expect(history.allowPlainJoin()).toBe(false);
      expect(history.firstJoinPoint()).toBeNull();
    });

    it.each([3000, 10_000, 500])('lets later viewers begin about %d ms behind live', (behindMs) => {
      const history = historyOf(new SyntheticStream({ gop: 0 }).take(1000));
      history.allowPlainJoin();
      const point = history.laterJoinPoint(behindMs)!;
      const behind = history.mediaMsBehind(point.position)!;
      expect(behind).toBeGreaterThanOrEqual(behindMs);
      expect(behind).toBeLessThan(behindMs + 600);
    });

    it('also does so when its only key frame is old', () => {
      const history = historyOf(new SyntheticStream().take(1));
      const rest = new SyntheticStream({ gop: 0, startMs: 40 }).take(1000);
      history.append(rest, 0, rest.length, 1);
      history.ring.commit();
      expect(history.points.count).toBe(1);
      const behind = history.mediaMsBehind(history.laterJoinPoint(3000)!.position)!;
      expect(behind).toBeGreaterThanOrEqual(3000);
      expect(behind).toBeLessThan(3600);
    });

    it.each([0, 1, 2, 3, 5])(
      'provides the tables before each join point, %d s behind live',
      (seconds) => {
        const bytes = new SyntheticStream({ gop: 0 }).take(250);
        const history = historyOf(bytes);
        history.allowPlainJoin();
        for (const point of [history.firstJoinPoint()!, history.laterJoinPoint(seconds * 1000)!]) {
          const before = packetsOf(bytes.subarray(0, point.position));
          const last = (id: number) => before.findLast((packet) => pid(packet, 0) === id)!;
          expect(point.preface.equals(Buffer.concat([last(0), last(0x1000)]))).toBe(true);
        }
      },
    );
  });

  it("flags a jump for each PID, with the counter before the next packet's", () => {
    const history = historyOf(FIXTURE);
    const point = history.laterJoinPoint(1000)!;
    const preface = packetsOf(history.discontinuityPreface(point));
    const media = packetsOf(Buffer.concat([point.preface, FIXTURE.subarray(point.position)]));
    // PAT and PMT verbatim, with a flag packet before each, then flag packets of the streams.
    expect(Buffer.concat(preface.slice(2, 4)).equals(point.preface)).toBe(true);
    const flagged = preface.filter((packet) => !hasPayload(packet, 0));
    expect(flagged.map((packet) => pid(packet, 0)).sort()).toEqual([0, 17, 256, 257, 4096]);
    for (const packet of flagged) {
      expect(hasPayload(packet, 0)).toBe(false);
      expect(discontinuityIndicator(packet, 0)).toBe(true);
      const next = media.find((other) => pid(other, 0) === pid(packet, 0) && hasPayload(other, 0));
      expect((continuityCounter(packet, 0) + 1) & 0x0f).toBe(continuityCounter(next!, 0));
    }
  });
});
