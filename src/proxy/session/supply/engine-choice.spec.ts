import type { AcquireRequest, EngineLease } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import { Settleable } from '../../../kernel/settleable';
import { ScriptedEngines } from '../../testing/scripted-engines.spec-support';
import { never, turns, until } from '../../testing/until.spec-support';
import { EngineChoice } from './engine-choice';
import type { SessionServices } from '../session-services';
import { StartGate } from '../starts/start-gate';
import { withLag } from '../../../kernel/testing/lag.spec-support';

const CONFIG = {
  proxyRetryBaseMs: 10,
  proxyRetryMaxMs: 20,
  proxyOutageBudgetMs: 5000,
  engineWaitTimeoutMs: 5000,
};

class Stage {
  readonly engines: ScriptedEngines;
  readonly abort = new AbortController();
  readonly requests: AcquireRequest[] = [];
  readonly config = { ...CONFIG };
  isRunning = false;
  isWanted = true;
  isSwitching = false;
  reconsiderations = 0;
  startDeadlineMs: number | null = null;
  readonly starts: StartGate;
  readonly choice: EngineChoice;

  /** @param beside another stream on the same engines */
  constructor(count: number, slots = 3, beside: Stage | null = null) {
    this.engines = beside?.engines ?? new ScriptedEngines(count, slots);
    this.starts = beside?.starts ?? new StartGate({ perEngine: 4, total: 24, patienceMs: 1500 });
    const acquire = (request: AcquireRequest): Promise<EngineLease> => {
      this.requests.push(request);
      return this.engines.acquire(request);
    };
    const services = {
      config: this.config,
      engines: { acquire, reconsider: () => (this.reconsiderations += 1) },
      starts: this.starts,
    } as unknown as SessionServices;
    this.choice = new EngineChoice(
      {
        streamId: 'stream',
        isRunning: () => this.isRunning,
        startDeadlineMs: () => this.startDeadlineMs,
        lastReason: () => 'its last words',
        contentFault: () => null,
        isWanted: () => this.isWanted,
        isSwitching: () => this.isSwitching,
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
  afterEach(() => {
    jest.useRealTimers();
  });

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

  it('asks the one that has rested, and not the one that has just failed', async () => {
    const stage = new Stage(2);
    stage.isRunning = true;
    const restMs = 500;
    Object.assign(stage.config, { proxyRetryBaseMs: restMs, proxyRetryMaxMs: restMs });
    stage.choice.failed();
    stage.choice.failed();
    stage.choice.exclude('e2', true);
    const restedMs = performance.now() + restMs;
    await until(() => performance.now() >= restedMs);
    const failedMs = performance.now();
    stage.choice.exclude('e1', true);
    expect(await stage.take()).toBe('e2');
    expect(performance.now() - failedMs).toBeLessThan(withLag(restMs));
    expect([...stage.choice.leftAlone().keys()]).toEqual(['e1']);
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
    expect(await failed).toBe('shutting_down');
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

  it('has a turn from the choice until media flow', async () => {
    const stage = new Stage(1);
    await stage.take();
    expect(stage.starts.activeCount).toBe(1);
    stage.choice.answered();
    expect(stage.starts.activeCount).toBe(1);
    stage.choice.started();
    await turns();
    expect(stage.starts.activeCount).toBe(0);
  });

  it('has one of a watched stream only until the engine has answered, and again when it stays', async () => {
    const stage = new Stage(1);
    stage.isRunning = true;
    const lease = await stage.choice.acquire();
    stage.choice.answered();
    await turns();
    expect(stage.starts.activeCount).toBe(0);
    await stage.choice.stay();
    expect(stage.starts.activeCount).toBe(1);
    lease.release();
    await turns();
    expect([stage.starts.activeCount, stage.engines.inUse()]).toEqual([0, 0]);
  });

  it('gives slot and turn back together, and keeps the turn while the engine is still busy', async () => {
    const stage = new Stage(1);
    const lease = await stage.choice.acquire();
    const late = new Settleable<void>();
    stage.choice.occupiedUntil(late.promise);
    lease.release();
    await turns();
    expect([stage.starts.activeCount, stage.engines.inUse()]).toEqual([1, 0]);
    late.reject(new Error('broken off'));
    await turns();
    expect(stage.starts.activeCount).toBe(0);
  });

  it('gives a watched stream the slot of one that nobody sees yet, which then fails', async () => {
    const stage = new Stage(1, 1);
    const dead = await stage.choice.acquire();
    dead.revoked.addEventListener('abort', () => dead.release());
    const watched = new Stage(1, 1, stage);
    watched.isRunning = true;
    expect(await watched.take()).toBe('e1');
    expect(dead.revoked.reason).toMatchObject({ code: 'no_capacity' });
    expect(await stage.failCode()).toBe('no_capacity');
  });

  it('has a first start wait for slots in which nothing plays yet, a watched one not', async () => {
    const stage = new Stage(1);
    stage.isWanted = false;
    const lease = await stage.choice.acquire();
    expect(stage.requests[0]).toMatchObject({ isFirstStart: true });
    expect(stage.requests[0]!.isWanted!()).toBe(false);
    expect(lease.isUnproved).toBe(true);
    stage.choice.started();
    expect(lease.isUnproved).toBe(false);
    const watched = new Stage(1, 0);
    watched.isRunning = true;
    const failed = watched.failCode();
    await until(() => watched.requests.length >= 2);
    expect(watched.requests.every(({ isFirstStart }) => !isFirstStart)).toBe(true);
    expect(watched.requests.every(({ mayHope }) => mayHope === undefined)).toBe(true);
    watched.abort.abort(new AppError('shutting_down', 'over'));
    expect(await failed).toBe('shutting_down');
  });

  it('hopes that its viewers leave what they watch, and only for a moment', async () => {
    jest.useFakeTimers();
    const stage = new Stage(1, 0);
    stage.isSwitching = true;
    stage.engines.gate = never(stage.abort.signal);
    const failed = stage.failCode();
    await jest.advanceTimersByTimeAsync(0);
    const { mayHope } = stage.requests[0]!;
    expect(mayHope!(new Set())).toBe(true);
    await jest.advanceTimersByTimeAsync(1499);
    expect([mayHope!(new Set()), stage.reconsiderations]).toEqual([true, 0]);
    await jest.advanceTimersByTimeAsync(1);
    expect([mayHope!(new Set()), stage.reconsiderations]).toEqual([false, 1]);
    stage.abort.abort(new AppError('shutting_down', 'over'));
    expect(await failed).toBe('shutting_down');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('goes where nobody stands in line rather than to the best engine', async () => {
    const stage = new Stage(2, 10);
    const others = [1, 2, 3].map(() => new Stage(2, 10, stage));
    for (const other of others) expect(await other.take()).toBe('e1');
    expect(await stage.take()).toBe('e2');
    // Unless there is none; and who has an answer stands in nobody's way.
    const alone = new Stage(1, 10);
    for (const other of [1, 2, 3].map(() => new Stage(1, 10, alone))) {
      await other.take();
      if (alone.starts.activeCount === 3) other.choice.answered();
    }
    expect(await alone.take()).toBe('e1');
  });

  it('has a first start that stays ask for another turn, and keep its place meanwhile', async () => {
    const stage = new Stage(1, 10);
    const lease = await stage.choice.acquire();
    stage.choice.answered();
    const others = [1, 2, 3].map(() => new Stage(1, 10, stage));
    await Promise.all(others.map((other) => other.take()));
    let hasTurn = false;
    const staying = stage.choice.stay().then(() => (hasTurn = true));
    await until(() => stage.starts.waitingCount === 1);
    expect([hasTurn, stage.engines.inUse()]).toEqual([false, 4]);
    others[1]!.choice.answered();
    await staying;
    expect(stage.starts.activeCount).toBe(4);
    lease.release();
    await turns();
    expect([stage.starts.activeCount, stage.engines.inUse()]).toEqual([3, 3]);
  });

  it('stops at once when it is called off', async () => {
    const stage = new Stage(1);
    stage.abort.abort(new AppError('shutting_down', 'over'));
    expect(await stage.failCode()).toBe('shutting_down');
    expect(stage.requests).toEqual([]);
  });
});
