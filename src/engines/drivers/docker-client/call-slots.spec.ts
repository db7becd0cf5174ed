import fc from 'fast-check';
import { CallSlots } from './call-slots';

const NEVER = new AbortController().signal;

describe('CallSlots', () => {
  it('lets so many in, the others in the order in which they came', async () => {
    const slots = new CallSlots(2);
    const inside: number[] = [];
    const releases: (() => void)[] = [];
    const enter = async (who: number): Promise<void> => {
      releases.push(await slots.take(NEVER));
      inside.push(who);
    };
    const all = [1, 2, 3, 4].map(enter);
    await all[1];
    expect(inside).toEqual([1, 2]);
    releases[0]?.();
    await all[2];
    expect(inside).toEqual([1, 2, 3]);
    // Giving back twice gives back once.
    releases[0]?.();
    await new Promise(setImmediate);
    expect(inside).toEqual([1, 2, 3]);
    releases[1]?.();
    await all[3];
    expect(inside).toEqual([1, 2, 3, 4]);
  });

  it('keeps no place for who has gone', async () => {
    const slots = new CallSlots(1);
    const release = await slots.take(NEVER);
    const caller = new AbortController();
    const gone = slots.take(caller.signal);
    const next = slots.take(NEVER);
    const reason = new Error('gone');
    caller.abort(reason);
    await expect(gone).rejects.toBe(reason);
    await expect(slots.take(caller.signal)).rejects.toBe(reason);
    release();
    (await next)();
    (await slots.take(NEVER))();
  });

  it('never holds more, and ends empty, whoever goes when', async () => {
    const visitor = fc.record({ holds: fc.nat(3), leavesAt: fc.option(fc.nat(5)) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(visitor),
        async (size, visitors) => {
          const slots = new CallSlots(size);
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
              const release = await slots.take(caller.signal).catch(() => null);
              if (release === null) return;
              inside += 1;
              most = Math.max(most, inside);
              await turns(holds);
              inside -= 1;
              release();
            }),
          );
          expect(most).toBeLessThanOrEqual(size);
          const again = await Promise.all(Array.from({ length: size }, () => slots.take(NEVER)));
          expect(again).toHaveLength(size);
        },
      ),
      { numRuns: 200 },
    );
  });
});
