import type { AcquireRequest, EngineLease } from '../../engines';
import { AppError } from '../../kernel/errors';
import { ScriptedEngines } from '../testing/scripted-engines.spec-support';
import { never } from '../testing/until.spec-support';
import { EngineChoice } from './engine-choice';
import type { SessionServices } from './session-services';

const CONFIG = { proxyRetryBaseMs: 10, proxyRetryMaxMs: 20 };

class Stage {
  readonly engines: ScriptedEngines;
  readonly abort = new AbortController();
  readonly requests: AcquireRequest[] = [];
  isRunning = false;
  startDeadlineMs: number | null = null;
  readonly choice: EngineChoice;

  constructor(count: number, slots = 3) {
    this.engines = new ScriptedEngines(count, slots);
    const acquire = (request: AcquireRequest): Promise<EngineLease> => {
      this.requests.push(request);
      return this.engines.acquire(request);
    };
    const services = { config: CONFIG, engines: { acquire } } as unknown as SessionServices;
    this.choice = new EngineChoice(
      {
        streamId: 'stream',
        isRunning: () => this.isRunning,
        startDeadlineMs: () => this.startDeadlineMs,
        lastReason: () => 'its last words',
      },
      services,
      this.abort.signal,
    );
  }

  async take(): Promise<string> {
    return (await this.choice.acquire()).engine.id;
  }

  failCode(): Promise<string> {
    return this.take().catch((error: unknown) => {
      return error instanceof AppError ? error.code : String(error);
    });
  }
}

describe('EngineChoice', () => {
  it('takes any engine while none has failed', async () => {
    const stage = new Stage(2);
    expect(await stage.take()).toBe('e1');
    expect(stage.requests[0]).toMatchObject({ streamId: 'stream', excluded: new Set() });
  });

  it('takes one that has not failed, without waiting for one to come', async () => {
    const stage = new Stage(2);
    stage.choice.failed();
    stage.choice.exclude('e1', true);
    expect(await stage.take()).toBe('e2');
    expect(stage.requests).toMatchObject([{ excluded: new Set(['e1']), mayWait: false }]);
  });

  it('gives up a start when every engine gave nonsense', async () => {
    const stage = new Stage(2);
    stage.choice.exclude('e1', false);
    stage.choice.exclude('e2', false);
    await expect(stage.take()).rejects.toMatchObject({
      code: 'engine_failed',
      detail: expect.stringContaining('its last words'),
    });
    expect(stage.requests).toHaveLength(1);
  });

  it('asks one again whose trouble may be over, and only that', async () => {
    const stage = new Stage(2);
    stage.choice.exclude('e1', false);
    stage.choice.exclude('e2', true);
    stage.choice.failed();
    stage.choice.failed();
    expect(await stage.take()).toBe('e2');
  });

  it('asks all again while viewers watch, and waits longer each time', async () => {
    const stage = new Stage(1);
    stage.isRunning = true;
    stage.choice.failed();
    stage.choice.failed();
    stage.choice.failed();
    stage.choice.exclude('e1', false);
    const beganMs = performance.now();
    expect(await stage.take()).toBe('e1');
    expect(performance.now() - beganMs).toBeGreaterThan(15);
    expect(stage.choice.failuresInARow).toBe(3);
    stage.choice.recovered();
    expect(stage.choice.failuresInARow).toBe(0);
  });

  it('passes on what the fleet says to a start', async () => {
    expect(await new Stage(1, 0).failCode()).toBe('no_capacity');
  });

  it('asks the fleet again while viewers watch, until it is called off', async () => {
    const stage = new Stage(1, 0);
    stage.isRunning = true;
    const failed = stage.failCode();
    while (stage.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    stage.abort.abort(new AppError('shutting_down', 'over'));
    expect(await failed).toBe('Error: aborted');
  });

  it('does not wait for an engine beyond the start budget', async () => {
    const stage = new Stage(1);
    stage.engines.gate = never(new AbortController().signal);
    stage.startDeadlineMs = performance.now() + 50;
    expect(await stage.failCode()).toBe('start_timeout');
  });

  it('does not wait out a back-off that ends beyond the start budget', async () => {
    const stage = new Stage(1);
    stage.startDeadlineMs = performance.now() + 5;
    for (let i = 0; i < 4; i++) stage.choice.failed();
    stage.choice.exclude('e1', true);
    await expect(stage.take()).rejects.toMatchObject({
      code: 'start_timeout',
      detail: expect.stringContaining('its last words'),
    });
  });

  it('takes five failures in a row at a start for no passing trouble', async () => {
    const stage = new Stage(1);
    for (let i = 0; i < 5; i++) stage.choice.failed();
    stage.choice.exclude('e1', true);
    await expect(stage.take()).rejects.toMatchObject({ code: 'engine_failed' });
  });

  it('stops at once when it is called off', async () => {
    const stage = new Stage(1);
    stage.abort.abort(new AppError('shutting_down', 'over'));
    expect(await stage.failCode()).toBe('shutting_down');
    expect(stage.requests).toEqual([]);
  });
});
