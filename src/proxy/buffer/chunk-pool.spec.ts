import { ChunkPool } from './chunk-pool';

const SIZE = 100_000;

describe('ChunkPool', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('gives a returned chunk to the next who needs that size, and to nobody else', () => {
    const pool = new ChunkPool();
    const chunk = pool.take(SIZE);
    expect(pool.take(SIZE)).not.toBe(chunk);
    pool.give(chunk);
    expect(pool.take(SIZE + 188)).not.toBe(chunk);
    expect(pool.take(SIZE)).toBe(chunk);
    expect(pool.take(SIZE)).not.toBe(chunk);
    expect(pool.freeBytes).toBe(0);
  });

  it('holds no more free bytes than its limit', () => {
    const pool = new ChunkPool(3 * SIZE);
    for (let i = 0; i < 5; i++) pool.give(Buffer.alloc(SIZE));
    expect(pool.freeBytes).toBe(3 * SIZE);
  });

  it('releases within four seconds what nobody needs', () => {
    const pool = new ChunkPool();
    for (let i = 0; i < 5; i++) pool.give(Buffer.alloc(SIZE));
    jest.advanceTimersByTime(4000);
    expect(pool.freeBytes).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('keeps what is in use again and again', () => {
    const pool = new ChunkPool();
    for (let i = 0; i < 5; i++) pool.give(Buffer.alloc(SIZE));
    for (let i = 0; i < 20; i++) {
      jest.advanceTimersByTime(500);
      const taken = [pool.take(SIZE), pool.take(SIZE)];
      taken.forEach((chunk) => pool.give(chunk));
    }
    // The other three were needed by nobody.
    expect(pool.freeBytes).toBe(2 * SIZE);
  });
});
