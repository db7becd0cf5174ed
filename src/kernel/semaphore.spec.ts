import fc from 'fast-check';
import { Semaphore } from './semaphore';

const NEVER = new AbortController().signal;

describe('Semaphore', () => {
  it('grants a limited number of permits, to waiting callers in order of arrival', async () => {
    const semaphore = new Semaphore(2);
    const inside: number[] = [];
    const releases: (() => void)[] = [];
    const enter = async (who: number): Promise<void> => {
      releases.push(await semaphore.acquire(NEVER));
      inside.push(who);
    };
    const all = [1, 2, 3, 4].map(enter);
    await all[1];
    expect(inside).toEqual([1, 2]);
    releases[0]?.();
    await all[2];
    expect(inside).toEqual([1, 2, 3]);
    // Releasing a permit twice releases it once.
    releases[0]?.();
    await new Promise(setImmediate);
    expect(inside).toEqual([1, 2, 3]);
    releases[1]?.();
    await all[3];
    expect(inside).toEqual([1, 2, 3, 4]);
  });

  it('keeps no permit for a caller that has aborted', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire(NEVER);
    const caller = new AbortController();
    const gone = semaphore.acquire(caller.signal);
    const next = semaphore.acquire(NEVER);
    const reason = new Error('gone');
    caller.abort(reason);
    await expect(gone).rejects.toBe(reason);
    await expect(semaphore.acquire(caller.signal)).rejects.toBe(reason);
    release();
    (await next)();
    (await semaphore.acquire(NEVER))();
  });

  it('never grants more permits than its size and ends empty, whenever callers leave', async () => {
    const visitor = fc.record({ holds: fc.nat(3), leavesAt: fc.option(fc.nat(5)) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(visitor),
        async (size, visitors) => {
          const semaphore = new Semaphore(size);
          let inside = 0;
          let most = 0;
          const turns = async (count: number): Promise<void> => {
            for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
          };
          await Promise.all(
            visitors.map(async ({ holds, leavesAt }) => {
              const caller = new AbortController();
              if (leavesAt !== null)
                void turns(leavesAt).then(() => caller.abort(new Error('gone')));
              const release = await semaphore.acquire(caller.signal).catch(() => null);
              if (release === null) return;
              inside += 1;
              most = Math.max(most, inside);
              await turns(holds);
              inside -= 1;
              release();
            }),
          );
          expect(most).toBeLessThanOrEqual(size);
          const again = await Promise.all(
            Array.from({ length: size }, () => semaphore.acquire(NEVER)),
          );
          expect(again).toHaveLength(size);
        },
      ),
      { numRuns: 200 },
    );
  });
});
