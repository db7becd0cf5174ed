import { AsyncMemo } from './async-memo';
import { Deferred } from './deferred';

describe('AsyncMemo', () => {
  let finds: Deferred<string>[];
  let memo: AsyncMemo<string>;

  beforeEach(() => {
    finds = [];
    memo = new AsyncMemo(() => {
      const found = new Deferred<string>();
      finds.push(found);
      return found.promise;
    });
  });

  it('asks once for all callers until the answer is forgotten', async () => {
    const both = [memo.get(), memo.get()];
    finds[0]?.resolve('here');
    expect(await Promise.all([...both, memo.get()])).toEqual(['here', 'here', 'here']);
    expect(finds).toHaveLength(1);
    memo.forget();
    const later = memo.get();
    finds[1]?.resolve('there');
    expect(await later).toBe('there');
  });

  it('does not cache a failure', async () => {
    const first = memo.get();
    finds[0]?.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    void memo.get();
    expect(finds).toHaveLength(2);
  });

  it('keeps the newer answer when a forgotten call fails late', async () => {
    const old = memo.get();
    memo.forget();
    const now = memo.get();
    finds[0]?.reject(new Error('away'));
    await expect(old).rejects.toThrow('away');
    expect(memo.get()).toBe(now);
    expect(finds).toHaveLength(2);
  });
});
