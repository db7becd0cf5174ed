import 'reflect-metadata';
import { selector, LiveStage } from '../testing/live-stage.spec-support';
import { StreamShutdown } from './stream-shutdown';
import { withLag } from '../../kernel/testing/lag.spec-support';

describe('StreamShutdown', () => {
  let stage: LiveStage;
  let shutdown: StreamShutdown;

  beforeEach(async () => {
    stage = await LiveStage.open();
    shutdown = new StreamShutdown(stage.streams);
  });

  afterEach(() => stage.close());

  it('ends at once without viewers', async () => {
    const joined = await stage.live(selector('a'));
    stage.leave(joined);
    const beganMs = performance.now();
    await shutdown.drain(60_000);
    expect(performance.now() - beganMs).toBeLessThan(withLag(5000));
    expect(joined.stream.endReason).toBe('shutdown');
    expect(stage.engines.inUse()).toBe(0);
  });

  it('serves present viewers until the time is over, refuses new ones, then resets all', async () => {
    const joined = await stage.live(selector('a'));
    const beganMs = performance.now();
    const drained = shutdown.drain(200);
    expect(() => stage.join(selector('a'))).toThrow(
      expect.objectContaining({ code: 'shutting_down' }),
    );
    expect(joined.stream.isOver).toBe(false);
    await drained;
    expect(performance.now() - beganMs).toBeGreaterThan(190);
    expect(joined.viewer.leaveReason).toBe('shutdown');
    expect(stage.ace.count('stop')).toBe(1);
  });

  it('can be cut short', async () => {
    const joined = await stage.live(selector('a'));
    const drained = shutdown.drain(60_000);
    shutdown.abortNow();
    await drained;
    expect(joined.viewer.leaveReason).toBe('shutdown');
  });
});
