import fc from 'fast-check';
import { ChunkPool } from './chunk-pool';
import { RingBuffer, type RingLimits, type ViewHolder } from './ring-buffer';

const PACKET = 188;
const MAX_CHUNK = 1000 * PACKET;

/** Packets that differ from all others, so that a byte at a wrong place shows. */
function packets(count: number, seed: number): Buffer {
  const bytes = Buffer.alloc(count * PACKET);
  for (let at = 0; at < bytes.length; at += 4) {
    bytes.writeInt32LE(((seed * 2_654_435_761) ^ (at * 40_503)) | 0, at);
  }
  return bytes;
}

interface Seen {
  readonly view: Buffer;
  readonly copy: Buffer;
}

/** Somebody who keeps views of a ring, like a socket. */
class Holder implements ViewHolder {
  views: Seen[] = [];

  holds(memory: ArrayBufferLike): boolean {
    return this.views.some(({ view }) => view.buffer === memory);
  }

  keep(view: Buffer): void {
    this.views.push({ view, copy: Buffer.from(view) });
  }

  get isIntact(): boolean {
    return this.views.every(({ view, copy }) => view.equals(copy));
  }
}

/** A pool that counts the chunks that were used again. */
class CountingPool extends ChunkPool {
  reused = 0;
  private readonly known = new WeakSet<Buffer>();

  override take(bytes: number): Buffer {
    const chunk = super.take(bytes);
    if (this.known.has(chunk)) this.reused++;
    this.known.add(chunk);
    return chunk;
  }
}

/** All bytes ever appended, and what may be seen of them: the ring without its tricks. */
class NaiveRing {
  bytes = Buffer.alloc(0);
  visible = 0;

  append(data: Buffer): number {
    const position = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, data]);
    return position;
  }
}

class Run {
  readonly ring: RingBuffer;
  readonly model = new NaiveRing();
  readonly holder = new Holder();
  nowMs = 0;

  constructor(
    readonly limits: RingLimits,
    pool = new ChunkPool(),
    private seed = 1,
  ) {
    this.ring = new RingBuffer(limits, pool);
    this.ring.addHolder(this.holder);
  }

  append(count: number): void {
    // A margin around the packets: the ring has to honour start and end.
    const data = packets(count, this.seed++);
    const source = Buffer.concat([Buffer.alloc(7, 0xee), data, Buffer.alloc(5, 0xee)]);
    const position = this.ring.append(source, 7, 7 + data.length, this.nowMs);
    expect(position).toBe(this.model.append(data));
    source.fill(0);
  }

  commit(): void {
    expect(this.ring.commit()).toBe(this.model.visible);
    this.model.visible = this.model.bytes.length;
  }

  trim(): void {
    const before = this.ring.tail;
    const tail = this.ring.trim(this.nowMs);
    expect(tail).toBe(this.ring.tail);
    expect(tail).toBeGreaterThanOrEqual(before);
    expect(tail).toBeLessThanOrEqual(this.model.visible);
  }

  look(share: number, maxBytes: number): void {
    const { ring, model } = this;
    const span = model.bytes.length - ring.tail;
    const position = ring.tail + Math.floor((share * span) / PACKET) * PACKET;
    const view = ring.view(position, maxBytes);
    if (position >= model.visible) {
      expect(view).toBeNull();
      return;
    }
    expect(view).not.toBeNull();
    if (view === null) return;
    expect(view.length % PACKET).toBe(0);
    expect(view.length).toBeGreaterThanOrEqual(PACKET);
    expect(view.length).toBeLessThanOrEqual(Math.max(PACKET, Math.min(maxBytes, MAX_CHUNK)));
    expect(position + view.length).toBeLessThanOrEqual(model.visible);
    expect(view.equals(model.bytes.subarray(position, position + view.length))).toBe(true);
    this.holder.keep(view);
  }

  checkInvariants(): void {
    const { ring, model } = this;
    expect(ring.end).toBe(model.bytes.length);
    expect(ring.head).toBe(model.visible);
    expect(ring.pendingBytes).toBe(model.bytes.length - model.visible);
    expect(ring.tail).toBeLessThanOrEqual(ring.head);
    expect(ring.view(ring.tail - PACKET)).toBeNull();
    expect(ring.view(ring.head)).toBeNull();
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), n: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('append' as const), n: fc.nat(2500) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trim' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), n: fc.nat(900_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), n: fc.nat(2000) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('look' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      n: fc.nat(300_000),
    }),
  },
);

describe('RingBuffer against a naive model', () => {
  it('returns appended bytes, in whole visible packets, and never changes views that are held', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const run = new Run({ maxBytes: 1024 * 1024, maxAgeMs: 5000 });
        for (const move of steps) {
          if (move.do === 'append') run.append(move.n);
          else if (move.do === 'commit') run.commit();
          else if (move.do === 'trim') run.trim();
          else if (move.do === 'limit') run.ring.setShare(move.n);
          else if (move.do === 'wait') run.nowMs += move.n;
          else run.look(move.share, move.n);
          run.checkInvariants();
        }
        expect(run.holder.isIntact).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('covers all visible bytes without gap, view after view', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 400_000 }),
        (commits, maxBytes) => {
          const run = new Run({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 5000 });
          for (const count of commits) {
            run.append(count);
            run.commit();
          }
          const views: Buffer[] = [];
          let at = 0;
          for (let view; (view = run.ring.view(at, maxBytes)) !== null; at += view.length) {
            views.push(view);
          }
          expect(Buffer.concat(views).equals(run.model.bytes)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('holds no more than its bound and the newest chunk, once trimmed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300_000, max: 2_000_000 }),
        fc.array(fc.integer({ min: 1, max: 1200 }), { minLength: 1, maxLength: 40 }),
        (maxBytes, commits) => {
          const run = new Run({ maxBytes, maxAgeMs: 5000 });
          for (const count of commits) {
            run.append(count);
            run.commit();
            run.trim();
            expect(run.ring.allocatedBytes).toBeLessThanOrEqual(Math.max(maxBytes, MAX_CHUNK));
            expect(run.ring.head - run.ring.tail).toBeLessThanOrEqual(run.ring.allocatedBytes);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

const sharing = fc.record({
  ring: fc.nat(2),
  holder: fc.nat(3),
  packets: fc.integer({ min: 300, max: 1500 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  do: fc.constantFrom('append', 'append', 'append', 'keep', 'keep', 'forget', 'leave' as const),
});

describe('rings with one pool', () => {
  it('use memory again, and never what somebody holds or held when leaving', () => {
    let reused = 0;
    fc.assert(
      fc.property(fc.array(sharing, { minLength: 40, maxLength: 120 }), (steps) => {
        const pool = new CountingPool(4 * 1024 * 1024);
        const limits = { maxBytes: 512 * 1024, maxAgeMs: 5000 };
        const rings = [1, 1001, 2001].map((seed) => new Run(limits, pool, seed));
        const left: Holder[] = [];
        const holders = rings.map(({ ring }) =>
          Array.from({ length: 4 }, () => {
            const holder = new Holder();
            ring.addHolder(holder);
            return holder;
          }),
        );
        for (const move of steps) {
          const run = rings[move.ring]!;
          const ofRing = holders[move.ring]!;
          const holder = ofRing[move.holder]!;
          if (move.do === 'append') {
            run.append(move.packets);
            run.commit();
            run.trim();
          } else if (move.do === 'forget') holder.views = [];
          else if (move.do === 'keep') {
            const { ring } = run;
            const packets = Math.floor((move.share * (ring.head - ring.tail)) / PACKET);
            const view = ring.view(ring.tail + packets * PACKET);
            if (view !== null) holder.keep(view);
          } else {
            // What it wrote last may still be on its way.
            run.ring.removeHolder(holder);
            left.push(holder);
            run.ring.addHolder((ofRing[move.holder] = new Holder()));
          }
          for (const one of [...left, ...holders.flat()]) expect(one.isIntact).toBe(true);
        }
        reused += pool.reused;
      }),
      { numRuns: 30 },
    );
    expect(reused).toBeGreaterThan(100);
  });
});

describe('RingBuffer', () => {
  const limits = { maxBytes: 4 * 1024 * 1024, maxAgeMs: 1000 };

  it('returns at least a packet, however little is requested, and otherwise whole packets', () => {
    const run = new Run(limits);
    run.append(10);
    run.commit();
    expect(run.ring.view(0, 1)?.length).toBe(PACKET);
    expect(run.ring.view(0, 0)?.length).toBe(PACKET);
    expect(run.ring.view(0, 3 * PACKET - 1)?.length).toBe(2 * PACKET);
    expect(run.ring.view(9 * PACKET, 5 * PACKET)?.length).toBe(PACKET);
  });

  it('drops bytes that are too old, but keeps the newest chunk', () => {
    const run = new Run(limits);
    for (let i = 0; i < 6; i++) {
      run.nowMs = i * 400;
      run.append(1000);
      run.commit();
    }
    // Arrivals at 0, 400, … 2000: from the fourth on they are young enough, and a chunk goes as a whole.
    run.trim();
    expect(run.ring.tail).toBeGreaterThan(2 * MAX_CHUNK);
    expect(run.ring.tail).toBeLessThanOrEqual(3 * MAX_CHUNK);
    run.nowMs = 100_000;
    run.trim();
    const newest = run.ring.view(run.ring.tail);
    expect(newest?.length).toBe(run.ring.head - run.ring.tail);
    expect(run.ring.allocatedBytes).toBeLessThanOrEqual(MAX_CHUNK);
  });

  it('lowers its byte bound and restores it, never above its own', () => {
    const run = new Run(limits);
    for (let i = 0; i < 10; i++) {
      run.append(1000);
      run.commit();
    }
    run.ring.setShare(3 * MAX_CHUNK);
    run.trim();
    expect(run.ring.allocatedBytes).toBeLessThanOrEqual(3 * MAX_CHUNK);
    expect(run.ring.allocatedBytes).toBeGreaterThan(MAX_CHUNK);
    run.ring.setShare(Infinity);
    expect(run.ring.maxBytes).toBe(limits.maxBytes);
  });

  it('does not drop bytes that are not visible yet', () => {
    const run = new Run({ maxBytes: MAX_CHUNK, maxAgeMs: 1000 });
    run.append(5000);
    run.trim();
    expect(run.ring.tail).toBe(0);
    run.commit();
    run.trim();
    expect(run.ring.tail).toBeGreaterThanOrEqual(4 * MAX_CHUNK);
  });

  it('makes one commit one view, once it knows how large commits are', () => {
    const ring = new RingBuffer({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 60_000 });
    const source = packets(400, 1);
    let straddling = 0;
    for (let i = 0; i < 200; i++) {
      ring.append(source, 0, (340 + (i % 20)) * PACKET, 0);
      const from = ring.commit();
      if ((ring.view(from)?.length ?? 0) < ring.head - from) straddling++;
    }
    expect(straddling).toBeLessThanOrEqual(10);
  });

  it('keeps a view unchanged after its chunk was dropped, as long as somebody holds it', () => {
    const ring = new RingBuffer({ maxBytes: MAX_CHUNK, maxAgeMs: 1000 });
    const holder = new Holder();
    ring.addHolder(holder);
    ring.append(packets(1000, 1), 0, MAX_CHUNK, 0);
    ring.commit();
    holder.keep(ring.view(0)!);
    const later = packets(1000, 2);
    // More than the ring keeps of dead chunks before it cuts them off.
    for (let i = 0; i < 200; i++) {
      ring.append(later, 0, MAX_CHUNK, 0);
      ring.commit();
      ring.trim(0);
    }
    expect(ring.view(0)).toBeNull();
    expect(holder.isIntact).toBe(true);
  });

  it('fills its own chunks: no view pins a shared slab', () => {
    const run = new Run(limits);
    run.append(10);
    run.commit();
    const view = run.ring.view(0);
    expect(view?.buffer.byteLength).toBeGreaterThanOrEqual(349 * PACKET);
    expect(view?.buffer.byteLength).toBe(run.ring.allocatedBytes);
  });
});
