import fc from 'fast-check';
import { MAX_OWED_BYTES } from '../buffer';
import { SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { StreamHistory } from '../upstream';
import { MemoryShares, type MemoryHolder } from './memory-shares';

const MIB = 1024 * 1024;
/** About the size of one read from a socket. */
const PIECE = 340 * 188;
const BOUNDS = { totalBytes: 100 * MIB, streamBytes: 32 * MIB, ttlMs: 60_000, playlistMs: 16_000 };

class Holder implements MemoryHolder {
  share = Infinity;
  trims = 0;
  readonly history;

  constructor(
    knownBitrateBps: number | null,
    owedBytes = 0,
    readonly watching = 1,
  ) {
    const setShare = (bytes: number): void => {
      this.share = bytes;
    };
    const trim = (): void => {
      this.trims++;
    };
    this.history = { knownBitrateBps, ring: { owedBytes, setShare }, trim };
  }
}

function given(
  holders: readonly Holder[],
  totalBytes = BOUNDS.totalBytes,
  otherBytes = 0,
): number[] {
  new MemoryShares({ ...BOUNDS, totalBytes }, () => holders).give(0, otherBytes);
  return holders.map(({ share }) => share);
}

const mbps = (...rates: (number | null)[]): Holder[] =>
  rates.map((rate) => new Holder(rate === null ? null : rate * 1e6));

describe('MemoryShares', () => {
  it('gives every stream its maximum while there is room', () => {
    expect(given(mbps(1, 8, null))).toEqual([32 * MIB, 32 * MIB, 32 * MIB]);
  });

  it('limits new streams in their start burst and not a stream with a low rate', () => {
    const [low, ...news] = given(mbps(1, null, null, null, null, null, null));
    expect(low).toBeGreaterThan(8.5 * MIB);
    for (const share of news) expect(share).toBeLessThan(17 * MIB);
  });

  it('keeps the total, even below 5 s of each stream and below the media owed to playlists', () => {
    const holders = [1, 2, 3, 4, 5].map(() => new Holder(20e6, 80 * MIB));
    for (const share of given(holders)) expect(share).toBe(20 * MIB);
    expect(given(mbps(50, 50, 50, 50), 8 * MIB)).toEqual([2, 2, 2, 2].map((n) => n * MIB));
  });

  it('gives a history more than its usual maximum for owed playlists when there is room', () => {
    const [owing, other] = given([new Holder(20e6, 60 * MIB), ...mbps(2)]);
    expect(owing).toBeGreaterThan(60 * MIB);
    expect(other).toBeGreaterThan(17 * MIB);
    expect(given([new Holder(20e6, 200 * MIB)], 1000 * MIB)).toEqual([MAX_OWED_BYTES]);
  });

  it('reduces the shares of unwatched streams before those of watched streams', () => {
    const idle = [1, 2, 3].map(() => new Holder(20e6, 0, 0));
    const [watched, ...others] = given([...mbps(20), ...idle], 20 * MIB);
    expect(watched).toBeGreaterThan(14 * MIB);
    for (const share of others) expect(share).toBeLessThan(2 * MIB);
  });

  it('reports whether every stream got its maximum', () => {
    const all = (holders: Holder[], other = 0): boolean =>
      new MemoryShares(BOUNDS, () => holders).give(0, other);
    expect(all(mbps(1, 8, null))).toBe(true);
    expect(all(mbps(8, 8), 60 * MIB)).toBe(false);
    expect(all([new Holder(20e6, 80 * MIB), ...mbps(20)])).toBe(false);
  });

  it('subtracts other memory from the total', () => {
    expect(given(mbps(20, 20), 64 * MIB, 34 * MIB)).toEqual([15 * MIB, 15 * MIB]);
    expect(given(mbps(20), 10 * MIB, 20 * MIB)).toEqual([0]);
  });

  const holder = fc
    .tuple(fc.option(fc.integer({ min: 1, max: 100_000_000 })), fc.nat(300 * MIB))
    .map(([rate, owed]) => new Holder(rate, owed));

  it('never gives more than the total for any rates and owed media', () => {
    fc.assert(
      fc.property(
        fc.array(holder, { maxLength: 40 }),
        fc.integer({ min: MIB, max: 500 * MIB }),
        fc.nat(100 * MIB),
        (holders, totalBytes, otherBytes) => {
          const shares = given(holders, totalBytes, otherBytes);
          const sum = shares.reduce((all, share) => all + share, 0);
          expect(sum).toBeLessThanOrEqual(Math.max(0, totalBytes - otherBytes));
          expect(holders.every(({ trims }) => trims === 1)).toBe(true);
        },
      ),
    );
  });

  describe('canHoldPlaylist', () => {
    const can = (holders: Holder[], totalBytes = BOUNDS.totalBytes): boolean =>
      new MemoryShares({ ...BOUNDS, totalBytes }, () => holders).canHoldPlaylist(holders[0]!);

    it('is true when the other streams keep 5 s each and their owed playlists', () => {
      expect(can(mbps(20))).toBe(true);
      expect(can(mbps(20, 20, 20, 20))).toBe(true);
      expect(can(mbps(20, 20, 20, 20, 20, 20))).toBe(false);
      expect(can([...mbps(20), new Holder(20e6, 60 * MIB)])).toBe(true);
      expect(can([...mbps(20), new Holder(20e6, 60 * MIB), new Holder(20e6, 60 * MIB)])).toBe(
        false,
      );
    });

    it('does not reserve 5 s for unwatched streams', () => {
      const idle = [1, 2, 3, 4].map(() => new Holder(20e6, 0, 0));
      expect(can([...mbps(20), ...idle], 64 * MIB)).toBe(true);
      expect(can(mbps(20, 20, 20, 20, 20), 64 * MIB)).toBe(false);
    });

    it('is false beyond the maximum that a playlist may be owed, and true while the rate is unknown', () => {
      expect(can(mbps(100), 4000 * MIB)).toBe(false);
      expect(can(mbps(null), MIB)).toBe(true);
    });
  });

  it('keeps media owed to playlists when further streams start', () => {
    const playlists = [new Holder(20e6, 60 * MIB), new Holder(20e6, 60 * MIB)];
    const [one, other, ...later] = given([...playlists, ...mbps(20, 20, 20)]);
    for (const share of [one, other]) expect(share).toBeGreaterThan(46 * MIB);
    for (const share of later) expect(share).toBeGreaterThanOrEqual(MIB);
  });
});

it('MemoryShares keeps growing histories within the total, join points and owed media included', () => {
  const bounds = { totalBytes: 6 * MIB, streamBytes: 32 * MIB, ttlMs: 60_000, playlistMs: 16_000 };
  const limits = { maxBytes: bounds.streamBytes, maxAgeMs: bounds.ttlMs };
  const histories = [0, 1, 2].map(() => new StreamHistory(limits));
  const media = new SyntheticStream({ frameBytes: 20_000, gop: 1 }).take(300);
  const shares = new MemoryShares(bounds, () =>
    histories.map((history) => ({ history, watching: 1 })),
  );
  shares.give(0);
  histories[0]!.ring.owe(0);
  for (let at = 0, nowMs = 0; at < media.length; at += PIECE, nowMs += 40) {
    for (const history of histories) {
      history.append(media, at, Math.min(media.length, at + PIECE), nowMs);
      history.ring.commit();
    }
    if (nowMs % 1000 === 0) shares.give(nowMs);
    const held = histories.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    expect(held).toBeLessThan(bounds.totalBytes + 3 * 200_000);
  }
});
