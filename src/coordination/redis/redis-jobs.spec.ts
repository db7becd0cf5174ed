import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getQueueToken } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bullmq';
import { withLag } from '../../kernel/testing/lag.spec-support';
import { DataFolder, StorageModule } from '../../storage';
import { JobRunner } from '../job-handlers';
import { describeJobs, grace, until, type OpenJobs } from '../testing/jobs-contract.spec-support';
import { describeWithRedis, RedisServer } from '../testing/redis-server.spec-support';
import { ScriptedHandlers } from '../testing/scripted-handlers.spec-support';
import { JOB_QUEUE, REDIS_JOBS_TIMING, RedisJobs, type RedisJobsOptions } from './redis-jobs';
import { RedisModule } from './redis.module';

/** Longer than any test, so that a copy is due only when a test promotes it. */
const LONG_MS = 3_600_000;

interface OpenRedisJobs extends OpenJobs {
  readonly jobs: RedisJobs;
  readonly queue: Queue;
}

async function open(
  url: string,
  handlers: ScriptedHandlers,
  dataDir: string,
  options: Partial<RedisJobsOptions> = {},
): Promise<OpenRedisJobs> {
  const redis = RedisModule.forRoot({ ...REDIS_JOBS_TIMING, copyLagMs: LONG_MS, ...options, url });
  const module = await Test.createTestingModule({
    imports: [StorageModule.forRoot(new DataFolder(dataDir)), redis],
  })
    .overrideProvider(JobRunner)
    .useValue(handlers)
    .compile();
  await module.init();
  const queue = module.get<Queue>(getQueueToken(JOB_QUEUE), { strict: false });
  const jobs = module.get(RedisJobs);
  let closed: Promise<void> | null = null;
  return {
    jobs,
    queue,
    settled: async () => {
      await until(async () => {
        await queue.promoteJobs();
        return (await countStored(queue)) === 0;
      });
    },
    close: () => (closed ??= module.close()),
  };
}

/** Copies of jobs in any state, without canaries. */
async function countStored(queue: Queue): Promise<number> {
  const stored = await queue.getJobs(['delayed', 'waiting', 'active', 'failed', 'completed']);
  return stored.filter(({ name }) => name !== 'canary').length;
}

async function isConnected({ queue }: OpenRedisJobs): Promise<boolean> {
  return countStored(queue).then(
    () => true,
    () => false,
  );
}

describeWithRedis('jobs in a real redis-server', () => {
  let server: RedisServer;
  let folders: string[];
  let handlers: ScriptedHandlers;
  let opened: OpenRedisJobs[];
  const lines: string[] = [];

  function newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'redis-jobs-'));
    folders.push(folder);
    return folder;
  }

  async function openJobs(
    options: Partial<RedisJobsOptions> & { folder?: string; isAway?: boolean } = {},
  ): Promise<OpenRedisJobs> {
    const { folder = newFolder(), isAway = false, ...others } = options;
    const jobs = await open(options.url ?? server.url, handlers, folder, others);
    opened.push(jobs);
    if (!isAway) await until(() => isConnected(jobs));
    return jobs;
  }

  async function expectWithin(ms: number, work: Promise<unknown>): Promise<void> {
    const beganMs = performance.now();
    await work;
    expect(performance.now() - beganMs).toBeLessThan(withLag(ms));
  }

  beforeAll(async () => (server = await RedisServer.start()));
  afterAll(() => server.kill());

  beforeEach(() => {
    folders = [];
    opened = [];
    handlers = new ScriptedHandlers();
    lines.length = 0;
    for (const level of ['log', 'warn', 'error', 'debug'] as const) {
      jest.spyOn(Logger.prototype, level).mockImplementation((message: unknown, ...more) => {
        lines.push(`${level} ${[message, ...more].map(String).join(' ')}`);
      });
    }
  });

  afterEach(async () => {
    await Promise.all(opened.map(({ close }) => close()));
    jest.restoreAllMocks();
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  // Outages first, because BullMQ leaves timers of some seconds when it is closed without Redis.

  it('continues without Redis, logs it once, and stores copies again when Redis is back', async () => {
    const { jobs, queue, close } = await openJobs();
    expect(jobs.trouble()).toBeNull();
    await server.kill();
    await until(() => jobs.trouble() !== null);
    jobs.schedule(grace('a'), { delayMs: 20 });
    jobs.schedule(grace('b'), { delayMs: LONG_MS });
    jobs.cancel('stream.grace', 'b');
    await until(() => handlers.streams.includes('a'));
    await until(() => jobs.trouble()?.detail.includes('ECONNREFUSED') === true);
    expect(jobs.trouble()).toMatchObject({ code: 'redis_unavailable' });
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringContaining(`Redis cannot be used (redis://127.0.0.1:${server.port}: `),
    ]);

    await server.restart();
    await until(() => jobs.trouble() === null);
    expect(lines.filter((line) => line.startsWith('log Redis can'))).toEqual([
      `log Redis can be used again (redis://127.0.0.1:${server.port})`,
    ]);
    jobs.schedule(grace('c'), { delayMs: LONG_MS });
    await until(async () => (await countStored(queue)) === 1);
    await close();
    expect(lines.filter((line) => /^(?:warn|error)/.test(line))).toHaveLength(1);
  });

  it('starts and ends while Redis is unreachable', async () => {
    await server.kill();
    try {
      const { jobs, close } = await openJobs({ isAway: true });
      jobs.schedule(grace('a'), { delayMs: 0 });
      await until(() => handlers.streams.length === 1 && jobs.trouble() !== null);
      await expectWithin(1_000, close());
    } finally {
      await server.restart();
    }
  });

  it('starts while Redis is unreachable, and uses it as soon as it is reachable', async () => {
    await server.kill();
    const { jobs, queue, settled } = await openJobs({ isAway: true });
    await until(() => jobs.trouble() !== null);
    await server.restart();
    await until(() => jobs.trouble() === null);
    jobs.schedule(grace('a'), { delayMs: LONG_MS });
    await until(async () => (await countStored(queue)) === 1);
    await settled();
    expect(handlers.streams).toEqual(['a']);
  });

  it('waits for a frozen Redis neither during the run nor at the end', async () => {
    const { jobs, close } = await openJobs();
    server.freeze();
    try {
      jobs.schedule(grace('a'), { delayMs: 0 });
      await until(() => handlers.streams.length === 1);
      await expectWithin(REDIS_JOBS_TIMING.closeWithinMs, close());
    } finally {
      server.thaw();
    }
  });

  it('stores a copy of each job, and removes it when the job is cancelled or replaced', async () => {
    const { jobs, queue } = await openJobs();
    jobs.schedule(grace('a'), { delayMs: LONG_MS });
    jobs.schedule(grace('b'), { delayMs: LONG_MS });
    await until(async () => (await countStored(queue)) === 2);
    const copies = await queue.getDelayed();
    expect(copies.map(({ name, data }) => [name, data.id, data.data]).sort()).toEqual([
      ['stream.grace', 'a', { streamUid: 'a' }],
      ['stream.grace', 'b', { streamUid: 'b' }],
    ]);
    for (const { id, delay } of copies) {
      expect(id).not.toContain(':');
      expect(delay).toBe(2 * LONG_MS);
    }
    jobs.cancel('stream.grace', 'a');
    jobs.schedule(grace('new', 'b'), { delayMs: LONG_MS });
    await until(async () => {
      const [copy, ...others] = await queue.getDelayed();
      return others.length === 0 && copy?.data.data.streamUid === 'new';
    });
  });

  it('runs a job once when its copy is due before the local timer', async () => {
    const { jobs, queue, settled } = await openJobs();
    handlers.onRun = (_, count) => {
      if (count === 1) throw new Error('the first attempt');
    };
    jobs.schedule(grace('a'), { delayMs: LONG_MS, attempts: 2 });
    await until(async () => (await countStored(queue)) === 1);
    await settled();
    await until(() => handlers.runs.length === 2);
    expect(handlers.streams).toEqual(['a', 'a']);
  });

  it('does nothing with a copy of a job that has run', async () => {
    const { jobs, queue, settled } = await openJobs();
    jobs.schedule(grace('a'), { delayMs: 0 });
    await until(async () => handlers.runs.length === 1 && (await countStored(queue)) === 1);
    await settled();
    expect(handlers.streams).toEqual(['a']);
  });

  it('drops the jobs of an earlier process, and keeps those of other installations', async () => {
    const folder = newFolder();
    const earlier = await openJobs({ folder });
    earlier.jobs.schedule(grace('earlier'), { delayMs: LONG_MS });
    await until(async () => (await countStored(earlier.queue)) === 1);
    await earlier.close();
    const other = await openJobs();
    const later = await openJobs({ folder });
    expect(await countStored(other.queue)).toBe(0);
    expect(await countStored(later.queue)).toBe(1);
    await other.settled();
    expect(await countStored(later.queue)).toBe(1);
    await later.settled();
    expect(handlers.runs).toEqual([]);
  });

  it('replaces a worker that executes no jobs any more', async () => {
    const proxy = await FreezingProxy.open(server.port);
    try {
      const { jobs, queue, settled } = await openJobs({
        url: `redis://127.0.0.1:${proxy.port}`,
        canaryEveryMs: 50,
        canaryWithinMs: 500,
      });
      await until(() => proxy.blocking > 0);
      proxy.freezeBlocking();
      await until(() => lines.some((line) => line.includes('the worker is replaced')));
      jobs.schedule(grace('a'), { delayMs: LONG_MS });
      await until(async () => (await queue.getDelayedCount()) === 1);
      await settled();
      expect(handlers.streams).toEqual(['a']);
    } finally {
      await Promise.all(opened.map(({ close }) => close()));
      proxy.close();
    }
  });

  it('never prints the password', async () => {
    const locked = await RedisServer.start('--requirepass', 'right-secret');
    try {
      for (const password of ['wrong-secret', 'right-secret']) {
        const url = `redis://:${password}@127.0.0.1:${locked.port}/3`;
        const { jobs, queue } = await openJobs({ url, isAway: password === 'wrong-secret' });
        if (password === 'right-secret') {
          jobs.schedule(grace('a'), { delayMs: LONG_MS });
          await until(async () => (await countStored(queue)) === 1);
          continue;
        }
        await until(() => jobs.trouble() !== null);
        expect(jobs.trouble()?.detail).toMatch(
          /^redis:\/\/127\.0\.0\.1:\d+\/3: (?:WRONGPASS|NOAUTH) /,
        );
      }
      expect(lines.join('\n')).toMatch(/WRONGPASS|NOAUTH/);
      expect(lines.join('\n')).not.toContain('secret');
    } finally {
      await Promise.all(opened.map(({ close }) => close()));
      await locked.kill();
    }
  });

  describeJobs('RedisJobs', async (scripted) => {
    handlers = scripted;
    return openJobs();
  });
});

/** A proxy between jobs and Redis, which can keep the connections of workers open without forwarding data. */
class FreezingProxy {
  private readonly sockets = new Set<Socket>();
  private readonly workers = new Set<Socket>();
  private readonly frozen = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async open(redisPort: number): Promise<FreezingProxy> {
    const server = createServer();
    const proxy = new FreezingProxy(server);
    server.on('connection', (near) => proxy.pass(near, connect(redisPort, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections on which a worker has waited for jobs. */
  get blocking(): number {
    return this.workers.size;
  }

  freezeBlocking(): void {
    for (const near of this.workers) this.frozen.add(near);
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private pass(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
      from.on('data', (bytes) => {
        if (bytes.includes('bzpopmin')) this.workers.add(near);
        if (!this.frozen.has(near)) to.write(bytes);
      });
    }
  }
}
