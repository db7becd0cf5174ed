import { delay, settlesWithin } from './wait';

describe('waiting', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('delay resolves after its time', async () => {
    const done = jest.fn();
    const waiting = delay(1000, new AbortController().signal).then(done);
    await jest.advanceTimersByTimeAsync(999);
    expect(done).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await waiting;
  });

  it('delay throws as soon as it is aborted, and leaves no timer', async () => {
    const abort = new AbortController();
    const waiting = delay(1000, abort.signal);
    abort.abort('over');
    await expect(waiting).rejects.toBe('over');
  });

  it('delay throws at once when it was aborted before', async () => {
    await expect(delay(1000, AbortSignal.abort('before'))).rejects.toBe('before');
  });

  it.each([
    ['resolves', Promise.resolve()],
    ['rejects', Promise.reject(new Error('no'))],
  ])('settlesWithin is true when the promise %s in time', async (_, promise) => {
    await expect(settlesWithin(promise, 1000)).resolves.toBe(true);
  });

  it('settlesWithin is false when it does not', async () => {
    const settles = settlesWithin(new Promise(() => undefined), 1000);
    await jest.advanceTimersByTimeAsync(1000);
    await expect(settles).resolves.toBe(false);
  });
});
