import { getEventListeners, getMaxListeners } from 'node:events';
import { linkAbort } from './linked-abort';

describe('linkAbort', () => {
  it('aborts with the first of its leaders, and with its reason', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const follower = new AbortController();
    linkAbort(follower, [first.signal, second.signal]);
    expect(follower.signal.aborted).toBe(false);
    const reason = new Error('second');
    second.abort(reason);
    first.abort(new Error('first'));
    expect(follower.signal.reason).toBe(reason);
  });

  it('follows one that has aborted already', () => {
    const follower = new AbortController();
    linkAbort(follower, [AbortSignal.abort('over')]);
    expect(follower.signal.reason).toBe('over');
  });

  it('removes its listeners from its leaders when it is ended', () => {
    const leader = new AbortController();
    const follower = new AbortController();
    const end = linkAbort(follower, [leader.signal]);
    expect(getEventListeners(leader.signal, 'abort')).toHaveLength(1);
    end();
    expect(getEventListeners(leader.signal, 'abort')).toHaveLength(0);
    leader.abort();
    expect(follower.signal.aborted).toBe(false);
  });

  it('lets a leader have many followers without a warning of Node', () => {
    const { signal } = new AbortController();
    linkAbort(new AbortController(), [signal]);
    expect(getMaxListeners(signal)).toBe(Infinity);
  });
});
