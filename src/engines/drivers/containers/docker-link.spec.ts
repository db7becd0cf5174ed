import type { RuntimeLink } from '../engine-runtime.port';
import { DockerLink } from './docker-link';

describe('DockerLink', () => {
  let stream: RuntimeLink | null;
  let link: DockerLink;

  beforeEach(() => {
    stream = null;
    link = new DockerLink(() => stream);
  });

  it('is connecting until the stream says more', () => {
    expect(link.current).toMatchObject({ state: 'connecting', reason: null });
    stream = { state: 'connected', since: new Date(1), reason: null };
    expect(link.current).toBe(stream);
  });

  it('is lost when a look failed, although the stream is open, until one succeeds', () => {
    stream = { state: 'connected', since: new Date(1), reason: null };
    link.lookFailed('no answer');
    const { since } = link.current;
    link.lookFailed('still no answer');
    expect(link.current).toEqual({ state: 'lost', since, reason: 'still no answer' });
    link.clear();
    expect(link.current).toBe(stream);
  });

  it('has the reason of the stream when both are lost: it is the older one', () => {
    link.lookFailed('no answer');
    expect(link.current.reason).toBe('no answer');
    stream = { state: 'lost', since: new Date(1), reason: 'refused' };
    expect(link.current).toBe(stream);
  });
});
