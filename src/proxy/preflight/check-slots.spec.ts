import { eventLoopTurns } from '../testing/until.spec-support';
import { CheckSlots } from './check-slots';

const LONG_MS = 10_000;
const never = (): AbortSignal => new AbortController().signal;

describe('CheckSlots', () => {
  it('admits up to the limit, and further checks in order of arrival', async () => {
    const slots = new CheckSlots(() => 2);
    const order: number[] = [];
    const checks = [0, 1, 2, 3].map((n) => slots.enter(LONG_MS, never()).then(() => order.push(n)));
    await eventLoopTurns();
    expect(order).toEqual([0, 1]);
    slots.leave();
    await eventLoopTurns();
    expect(order).toEqual([0, 1, 2]);
    slots.leave();
    await Promise.all(checks);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('gives no place to a check that was aborted in the queue', async () => {
    const slots = new CheckSlots(() => 1);
    await slots.enter(LONG_MS, never());
    const abort = new AbortController();
    const [called, late] = [slots.enter(LONG_MS, abort.signal), slots.enter(10, never())];
    abort.abort('aborted');
    await expect(called).rejects.toBe('aborted');
    await expect(late).rejects.toMatchObject({ code: 'no_capacity' });
    await expect(slots.enter(LONG_MS, AbortSignal.abort('before'))).rejects.toBe('before');
    slots.leave();
    await slots.enter(LONG_MS, never());
    const next = slots.enter(LONG_MS, never());
    slots.leave();
    await next;
  });

  it('refuses a check when 100 are queued', async () => {
    const slots = new CheckSlots(() => 1);
    await slots.enter(LONG_MS, never());
    const callers = Array.from({ length: 100 }, () => new AbortController());
    const line = callers.map(({ signal }) => slots.enter(LONG_MS, signal));
    await expect(slots.enter(LONG_MS, never())).rejects.toMatchObject({ code: 'no_capacity' });
    for (const caller of callers) caller.abort('over');
    for (const waiting of line) await expect(waiting).rejects.toBe('over');
  });
});
