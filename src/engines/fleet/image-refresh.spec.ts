import { Logger } from '@nestjs/common';
import { LiveConfig, loadConfig } from '../../config';
import { type Jobs } from '../../coordination';
import { type EngineRollout } from './engine-rollout';
import { ImageRefresh } from './image-refresh';
import { type ReconcileLoop } from './reconcile-loop';
import { type RuntimeConnectivity } from './runtime-connectivity';
import { ScriptedRuntime } from './scripted-runtime.spec-support';

describe('ImageRefresh', () => {
  let runtime: ScriptedRuntime;
  let settings: LiveConfig;
  let connectivity: { isUp: boolean };
  let refresh: ImageRefresh;

  beforeEach(() => {
    Logger.overrideLogger(false);
    jest.useFakeTimers({ now: new Date(2026, 0, 1, 12) });
    runtime = new ScriptedRuntime();
    settings = new LiveConfig(loadConfig({ ENGINE_IMAGE_REFRESH: '13:00' }));
    connectivity = { isUp: true };
    refresh = new ImageRefresh(
      settings.values,
      settings,
      runtime,
      { retry: () => undefined } as unknown as EngineRollout,
      connectivity as unknown as RuntimeConnectivity,
      { wake: () => undefined } as unknown as ReconcileLoop,
      { every: () => undefined } as unknown as Jobs,
    );
    refresh.onModuleInit();
  });
  afterEach(async () => {
    await refresh.onModuleDestroy();
    jest.useRealTimers();
  });

  const at = (day: number, hour: number) => new Date(2026, 0, day, hour);

  async function lookAt(time: Date): Promise<number> {
    jest.setSystemTime(time);
    refresh.lookAtClock();
    await jest.advanceTimersByTimeAsync(0);
    return runtime.count('refreshImage');
  }

  it('pulls once at its time, also if the machine was asleep then', async () => {
    expect(await lookAt(at(1, 12))).toBe(0);
    expect(await lookAt(at(1, 15))).toBe(1);
    expect(refresh.status).toMatchObject({ next: at(2, 13), last: { error: null } });
    expect(await lookAt(at(1, 16))).toBe(1);
    expect(await lookAt(at(2, 13))).toBe(2);
  });

  it('waits while Docker does not answer', async () => {
    connectivity.isUp = false;
    expect(await lookAt(at(1, 13))).toBe(0);
    expect(() => refresh.request()).toThrow(
      expect.objectContaining({ code: 'docker_unavailable' }),
    );
    connectivity.isUp = true;
    expect(await lookAt(at(1, 14))).toBe(1);
  });

  it('follows changes of ENGINE_IMAGE_REFRESH', async () => {
    settings.apply({ engineImageRefresh: 'off' });
    expect(refresh.status.next).toBeNull();
    expect(await lookAt(at(1, 14))).toBe(0);
    settings.apply({ engineImageRefresh: { hour: 15, minute: 0 } });
    expect(refresh.status.next).toEqual(at(1, 15));
    expect(await lookAt(at(1, 15))).toBe(1);
  });
});
