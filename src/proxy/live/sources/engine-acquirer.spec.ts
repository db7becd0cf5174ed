import { loadConfig } from '../../../config';
import type { SlotHolder, SlotLease } from '../../../engines';
import { StagedEngines } from '../../../engines/testing/staged-engines.spec-support';
import { AppError } from '../../../kernel/errors';
import { withLag } from '../../../kernel/testing/lag.spec-support';
import { until } from '../../testing/until.spec-support';
import { ScriptedAce } from '../../testing/scripted-ace.spec-support';
import { EngineAcquirer } from './engine-acquirer';
import type { EngineSource } from './engine-source';
import { EngineSources } from './engine-sources';
import { FailoverPolicy } from './source-policy';
import type { Source } from './source.port';
import { StartPolicy } from './start-policy';

/** Every source that `EngineSources` acquires has a slot. */
const leaseOf = (source: Source): SlotLease => (source as EngineSource).lease;

/** The acquirer of one stream on a scripted fleet. */
class Stage {
  readonly engines: StagedEngines;
  readonly abort = new AbortController();
  readonly ace = new ScriptedAce();
  readonly config = { ...loadConfig({}), proxyRetryBaseMs: 10, proxyRetryMaxMs: 20 };
  readonly holder: SlotHolder;
  isRunning = false;
  private readonly start = new StartPolicy(this.config);
  private readonly failover = new FailoverPolicy(this.config);
  readonly acquirer: EngineAcquirer;
  /** Engines that play another part of the content. */
  readonly busy = new Set<string>();

  /** @param beside another stream on the same engines */
  constructor(count: number, slots = 3, beside: Stage | null = null) {
    this.engines = beside?.engines ?? StagedEngines.withEngines(count, slots);
    const { scheduler, registry, health } = this.engines;
    this.holder = scheduler.holder('stream');
    this.acquirer = new EngineAcquirer(
      new EngineSources(this.config, this.ace, scheduler, registry, health),
      {
        holder: this.holder,
        busyEngines: () => this.busy,
        endUnwatchedPart: () => Promise.resolve(false),
      },
      () => (this.isRunning ? this.failover : this.start),
      { lastOutcome: 'the last outcome' },
      this.config,
      this.abort.signal,
    );
  }

  /** Ends the start budget in `ms`. */
  limitStart(ms: number): void {
    this.start.deadlineMs = performance.now() + ms;
  }

  async take(): Promise<string> {
    return (await this.acquirer.acquire()).engine.id;
  }

  failCode(): Promise<string> {
    return this.take().catch((error: unknown) => {
      return error instanceof AppError ? error.code : String(error);
    });
  }

  cancel(): void {
    this.abort.abort(new AppError('shutting_down', 'over'));
  }
}

describe('EngineAcquirer', () => {
  const stages: Stage[] = [];

  function open(...args: ConstructorParameters<typeof Stage>): Stage {
    const stage = new Stage(...args);
    stages.push(stage);
    return stage;
  }

  afterEach(() => {
    for (const { engines } of stages.splice(0)) engines.scheduler.onModuleDestroy();
  });

  it('takes an engine that has not failed instead of waiting for a new one', async () => {
    const stage = open(2);
    stage.acquirer.failed();
    stage.acquirer.exclude('e1', true);
    stage.engines.add('e3');
    expect(await stage.take()).toBe('e2');
  });

  it('gives up a start when every engine gave invalid answers', async () => {
    const stage = open(2);
    stage.acquirer.exclude('e1', false);
    stage.acquirer.exclude('e2', false);
    await expect(stage.take()).rejects.toMatchObject({
      code: 'engine_failed',
      detail: expect.stringContaining('the last outcome'),
    });
  });

  it('asks an engine again whose failure was transient, and no other', async () => {
    const stage = open(2);
    stage.acquirer.exclude('e1', false);
    stage.acquirer.exclude('e2', true);
    stage.acquirer.failed();
    stage.acquirer.failed();
    expect(await stage.take()).toBe('e2');
  });

  it('asks every engine again while viewers watch, after the backoff', async () => {
    const stage = open(1);
    stage.isRunning = true;
    for (let n = 0; n < 3; n++) stage.acquirer.failed();
    stage.acquirer.exclude('e1', false);
    const beganMs = performance.now();
    expect(await stage.take()).toBe('e1');
    expect(performance.now() - beganMs).toBeGreaterThan(15);
    expect(stage.acquirer.failuresInARow).toBe(3);
    stage.acquirer.recovered();
    expect(stage.acquirer.failuresInARow).toBe(0);
  });

  it('retries the engine whose backoff is over, not the one that has just failed', async () => {
    const stage = open(2);
    stage.isRunning = true;
    const backoffMs = 500;
    Object.assign(stage.config, { proxyRetryBaseMs: backoffMs, proxyRetryMaxMs: backoffMs });
    stage.acquirer.failed();
    stage.acquirer.failed();
    stage.acquirer.exclude('e2', true);
    const readmitMs = performance.now() + backoffMs;
    await until(() => performance.now() >= readmitMs);
    const failedMs = performance.now();
    stage.acquirer.exclude('e1', true);
    expect(await stage.take()).toBe('e2');
    expect(performance.now() - failedMs).toBeLessThan(withLag(backoffMs));
    expect([...stage.acquirer.exclusions().keys()]).toEqual(['e1']);
  });

  it('fails a start with the error of the scheduler', async () => {
    expect(await drained().failCode()).toBe('no_engine');
  });

  function drained(): Stage {
    const stage = open(1);
    stage.engines.drain('e1', 'maintenance');
    return stage;
  }

  it('asks the scheduler again while viewers watch', async () => {
    const stage = drained();
    stage.isRunning = true;
    const taken = stage.take();
    await until(() => stage.acquirer.failuresInARow >= 3);
    stage.engines.drain('e1', null);
    expect(await taken).toBe('e1');
  });

  it('does not wait for an engine beyond the start budget', async () => {
    const stage = open(1);
    stage.engines.close();
    stage.limitStart(50);
    expect(await stage.failCode()).toBe('start_timeout');
  });

  it('does not wait for a backoff that ends beyond the start budget', async () => {
    const stage = open(1);
    stage.limitStart(5);
    for (let i = 0; i < 4; i++) stage.acquirer.failed();
    stage.acquirer.exclude('e1', true);
    await expect(stage.take()).rejects.toMatchObject({
      code: 'start_timeout',
      detail: expect.stringContaining('the last outcome'),
    });
  });

  it('treats five failures in a row at a start as permanent', async () => {
    const stage = open(1);
    for (let i = 0; i < 5; i++) stage.acquirer.failed();
    stage.acquirer.exclude('e1', true);
    await expect(stage.take()).rejects.toMatchObject({ code: 'engine_failed' });
  });

  it('preempts the slot of a start for a watched stream', async () => {
    const stage = open(1, 1);
    const dead = await stage.acquirer.acquire();
    dead.revoked.addEventListener('abort', () => void dead.close());
    const watched = open(1, 1, stage);
    watched.isRunning = true;
    expect(await watched.take()).toBe('e1');
    expect(dead.revoked.reason).toMatchObject({ code: 'preempted' });
  });

  it('keeps away from engines that play another part of the content', async () => {
    const stage = open(2);
    stage.busy.add('e1');
    expect(await stage.take()).toBe('e2');
    stage.busy.add('e2');
    expect(await stage.failCode()).toBe('no_capacity');
    stage.busy.delete('e1');
    expect(await stage.take()).toBe('e1');
  });

  it('returns null when every other engine has failed', async () => {
    const stage = open(2);
    stage.acquirer.exclude('e1', true);
    expect((await stage.acquirer.acquireOther())?.engine.id).toBe('e2');
    stage.acquirer.exclude('e2', true);
    expect(await stage.acquirer.acquireOther()).toBeNull();
  });

  describe('retryHere', () => {
    async function startBeside(stage: Stage, count: number): Promise<Source[]> {
      const others = Array.from({ length: count }, () => open(1, 10, stage));
      return Promise.all(others.map((other) => other.acquirer.acquire()));
    }

    it('waits until the engine accepts another start', async () => {
      const stage = open(1, 10);
      const source = await stage.acquirer.acquire();
      const lease = leaseOf(source);
      lease.answered();
      const others = await startBeside(stage, 3);
      let isAllowed = false;
      const retrying = stage.acquirer.retryHere(source).then(() => (isAllowed = true));
      await until(() => lease.state === 'reserved');
      expect([isAllowed, stage.engines.inUse()]).toEqual([false, 4]);
      leaseOf(others[1]!).answered();
      await retrying;
      expect(lease.state).toBe('asking');
    });

    it('fails when the start budget is over', async () => {
      const stage = open(1, 10);
      const source = await stage.acquirer.acquire();
      leaseOf(source).answered();
      await startBeside(stage, 3);
      stage.limitStart(100);
      await expect(stage.acquirer.retryHere(source)).rejects.toMatchObject({
        code: 'start_timeout',
      });
    });

    it('resolves with a revoked slot, which the next attempt detects', async () => {
      const stage = open(1);
      const source = await stage.acquirer.acquire();
      const lease = leaseOf(source);
      lease.answered();
      stage.engines.withdraw('e1', 'replaced');
      await stage.acquirer.retryHere(source);
      expect([lease.state, lease.isRevoked]).toEqual(['answered', true]);
    });
  });

  it('fails at once when it is cancelled', async () => {
    const stage = open(1);
    stage.cancel();
    expect(await stage.failCode()).toBe('shutting_down');
    expect(stage.engines.inUse()).toBe(0);
  });
});
