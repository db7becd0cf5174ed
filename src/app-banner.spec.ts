import { type Banner, StartBanner } from './app-banner';
import type { DemoChannel, DriverChoice } from './engines';

const ID = '7'.repeat(40);

interface Facts {
  readonly chosen: DriverChoice;
  readonly demoChannels: DemoChannel[];
  readonly descriptorLimit: number | null;
  readonly isKeyShort: boolean;
  readonly isTerminal: boolean;
}

function banner(facts: Partial<Facts> = {}, config: object = {}): Promise<Banner> {
  const { demoChannels = [], descriptorLimit = 4096, isKeyShort = false } = facts;
  const { isTerminal = false } = facts;
  const { chosen = { kind: 'static', why: 'ENGINE_ADDRESSES is set', isFallback: false } } = facts;
  const start = new StartBanner(
    {
      host: '::',
      publicUrl: null,
      streamAccess: 'open',
      dataDir: './data',
      redisUrl: null,
      proxyMaxClients: 1500,
      proxyMaxSessions: 150,
      ...config,
    },
    { chosen, demoChannels: () => Promise.resolve(demoChannels) },
    { isMainKeyShort: isKeyShort },
    { create: () => '/login#token=ONCE' },
  );
  start.onModuleInit();
  return start.describe(8000, isTerminal, descriptorLimit, []);
}

describe('StartBanner', () => {
  it('prints the necessary lines, in order, and nothing else', async () => {
    expect(await banner()).toEqual({
      lines: [
        expect.stringMatching(/^acefleet \d+\.\d+\.\d+$/),
        'engines: static (ENGINE_ADDRESSES is set)',
        'store: embedded, ./data',
        'admin: http://localhost:8000/docs (sign in: node bin/acefleet.mjs login, in a container: docker exec NAME node bin/acefleet.mjs login)',
        'player: http://localhost:8000/ace/getstream?id={id}',
        'streams are open to anyone who can reach this address',
      ],
      warnings: [],
    });
  });

  it.each([
    [{ host: '0.0.0.0' }, 'http://localhost:8000/'],
    [{ host: '127.0.0.1' }, 'http://127.0.0.1:8000/'],
    [{ host: '::1' }, 'http://[::1]:8000/'],
    [{ publicUrl: 'https://tv.example/sub/' }, 'https://tv.example/sub/'],
  ])('prints the address for %j', async (config, address) => {
    expect((await banner({}, config)).lines[4]).toBe(`player: ${address}ace/getstream?id={id}`);
  });

  it('says that streams need a token', async () => {
    const { lines } = await banner({}, { streamAccess: 'token' });
    expect(lines.slice(4)).toEqual([
      'player: http://localhost:8000/t/{token}/ace/getstream?id={id}',
      'streams need the token of a user (STREAM_ACCESS); the admin API creates users',
    ]);
  });

  it('names Redis without its password, and states the limits of its use', async () => {
    const redisUrl = 'rediss://me:SECRET@redis.example:6380/2';
    const { lines } = await banner({}, { redisUrl });
    expect(lines[3]).toBe(
      'jobs: with copies in rediss://redis.example:6380/2 (REDIS_URL does not join several instances yet)',
    );
    expect(lines.join()).not.toContain('SECRET');
  });

  it('shows a link that signs in on a terminal only, which no log keeps', async () => {
    expect((await banner()).lines.join()).not.toContain('ONCE');
    expect((await banner({ isTerminal: true })).lines[4]).toBe(
      'sign in: http://localhost:8000/login#token=ONCE (works once, within 10 minutes)',
    );
  });

  it('warns of a key that could be guessed', async () => {
    expect((await banner({ isKeyShort: true })).warnings).toEqual([
      expect.stringContaining('fewer than 16 characters'),
    ]);
  });

  it('warns of test pictures and gives their addresses', async () => {
    const { warnings } = await banner({
      chosen: { kind: 'simulator', why: 'nothing else', isFallback: true },
      demoChannels: [{ id: ID, name: 'Test card' }],
    });
    expect(warnings).toEqual([
      expect.stringContaining('only these demo channels play'),
      `demo channel Test card: http://localhost:8000/ace/getstream?id=${ID}`,
    ]);
  });

  it('prints the addresses of demo channels without a warning when the simulator was selected', async () => {
    const { lines, warnings } = await banner({
      chosen: { kind: 'simulator', why: 'ENGINE_DRIVER=simulator', isFallback: false },
      demoChannels: [{ id: ID, name: 'Test card' }],
    });
    expect(lines.slice(5)).toEqual([
      'streams are open to anyone who can reach this address',
      `demo channel Test card: http://localhost:8000/ace/getstream?id=${ID}`,
    ]);
    expect(warnings).toEqual([]);
  });

  it.each([
    [null, 0],
    [2000, 0],
    [1999, 1],
  ])('with %s open files warns %d times', async (descriptorLimit, count) => {
    expect((await banner({ descriptorLimit })).warnings).toHaveLength(count);
  });
});
