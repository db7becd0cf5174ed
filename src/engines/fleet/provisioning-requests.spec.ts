import 'reflect-metadata';
import { FleetStage, withFakeTimers } from './fleet-stage.spec-support';

describe('ProvisioningRequests', () => {
  let stage: FleetStage;

  withFakeTimers(() => stage);

  const provisioned = () => stage.runtime.count('provision');

  /** A fleet whose runtime is creating one engine until the test lets it; resolves with the key of the request. */
  async function creating(): Promise<{ readonly key: string; readonly release: () => void }> {
    stage = new FleetStage({ MIN_REPLICAS: '1' });
    const release = stage.runtime.hold('provision');
    await stage.start();
    return { key: stage.runtime.requests[0]?.key ?? '', release };
  }

  it('creates an engine once, however often its job runs', async () => {
    const { key, release } = await creating();
    await stage.requests.provision({ key });
    release();
    await stage.pass();
    await stage.requests.provision({ key });
    await stage.requests.provision({ key: 'of an earlier process' });
    expect(stage.fleet()).toEqual(['e1 healthy']);
    expect(provisioned()).toBe(1);
  });

  it('does not attempt a failed request again: a further request follows after the backoff', async () => {
    const { key, release } = await creating();
    stage.runtime.refuse('provision', 'port_conflict');
    release();
    await stage.pass();
    const [failure] = stage.published('engine_order_failed');
    expect(failure).toMatchObject({ order: key, code: 'port_conflict' });
    await stage.requests.provision({ key });
    expect(provisioned()).toBe(1);
    stage.runtime.refuse('provision', null);
    await stage.pass(10_000);
    expect(stage.fleet()).toEqual(['e1 healthy']);
    expect(stage.runtime.requests.map((request) => request.key)).toEqual([
      key,
      expect.not.stringMatching(key),
    ]);
  });

  it('creates nothing when the process ends before the job runs', async () => {
    stage = new FleetStage({ MIN_REPLICAS: '0' });
    await stage.start();
    const { ready } = stage.control.provision();
    const told = ready.catch((error: unknown) => error);
    const ordered = () => stage.published('engine_ordered').length;
    while (ordered() === 0) await jest.advanceTimersToNextTimerAsync();
    await stage.requests.stop();
    expect(await told).toMatchObject({ code: 'shutting_down' });
    await stage.pass();
    expect(provisioned()).toBe(0);
  });

  it('aborts the creation when the process ends', async () => {
    stage = new FleetStage({ MIN_REPLICAS: '0' });
    await stage.start();
    const { key, ready } = stage.control.provision();
    ready.catch(() => undefined);
    const ordered = () => stage.published('engine_ordered').length;
    while (ordered() === 0) await jest.advanceTimersToNextTimerAsync();
    stage.runtime.hold('provision');
    await stage.requests.provision({ key });
    await stage.requests.stop();
    expect(stage.runtime.engines.size).toBe(0);
    expect(stage.published('engine_order_failed')).toEqual([]);
  });
});
