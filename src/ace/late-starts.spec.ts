import { LateStarts } from './late-starts';

function work(): { promise: Promise<void>; finish: () => void } {
  let finish = (): void => undefined;
  const promise = new Promise<void>((resolve) => (finish = resolve));
  return { promise, finish };
}

describe('LateStarts', () => {
  it('forgets work that has settled, fulfilled or rejected', async () => {
    const late = new LateStarts();
    late.adopt(Promise.resolve(), () => undefined);
    late.adopt(Promise.reject(new Error('refused')), () => undefined);
    expect(late.size).toBe(2);
    await late.close(1000);
    expect(late.size).toBe(0);
  });

  it('cancels the oldest start beyond its limit', async () => {
    const late = new LateStarts();
    const cancelled: number[] = [];
    for (let i = 0; i < 258; i++) {
      const { promise, finish } = work();
      late.adopt(promise, () => {
        cancelled.push(i);
        finish();
      });
    }
    expect(late.size).toBe(256);
    expect(cancelled).toEqual([0, 1]);
    await late.close(1);
    expect(cancelled).toHaveLength(258);
  });

  it('cancels at once a start that arrives after closing', async () => {
    const late = new LateStarts();
    await late.close(1000);
    const { promise, finish } = work();
    late.adopt(promise, finish);
    await promise;
  });
});
