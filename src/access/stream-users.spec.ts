import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLag } from '../kernel/testing/lag.spec-support';
import { DataFolder } from '../storage';
import type { StreamUser } from './stream-user';
import { StreamUsers, type UserFacts } from './stream-users';

const FACTS: UserFacts = {
  name: 'anna',
  isEnabled: true,
  expiresAtMs: null,
  maxStreams: 2,
  cidrs: [],
  profile: 'kids',
};

describe('StreamUsers', () => {
  let dir: string;
  let folder: DataFolder;
  let users: StreamUsers;
  let now: number;

  async function start(): Promise<void> {
    folder = new DataFolder(dir);
    users = await StreamUsers.open(folder, () => now);
  }

  async function stop(): Promise<void> {
    await users.onModuleDestroy();
    await folder.close();
  }

  beforeEach(async () => {
    now = Date.UTC(2031, 0, 1);
    dir = await mkdtemp(join(tmpdir(), 'acefleet-users-'));
    await start();
  });
  afterEach(async () => {
    await stop();
    await rm(dir, { recursive: true });
  });

  const create = (facts: Partial<UserFacts> = {}): Promise<StreamUser> =>
    users.create({ ...FACTS, ...facts });
  const secretOf = async ({ id }: StreamUser): Promise<string> => (await users.secretOf(id)) ?? '';

  it('keeps users over a restart, with their secrets', async () => {
    const user = await create({ cidrs: ['10.0.0.0/8'], expiresAtMs: now + 5000 });
    const secret = await secretOf(user);
    expect(secret).toMatch(/^[\w-]{32}$/);
    users.seen(user);
    await stop();
    await start();
    const [same] = users.list();
    expect(same).toEqual({ ...user, lastSeenAtMs: now });
    expect(await secretOf(user)).toBe(secret);
    expect(users.withSecret(secret)).toBe(same);
  });

  it('writes no secret in plain text', async () => {
    const secret = await secretOf(await create());
    await stop();
    for (const name of await readdir(dir)) {
      const content = await readFile(join(dir, name), 'latin1');
      expect(content.includes(secret)).toBe(false);
    }
    expect((await stat(join(dir, 'user-key'))).mode & 0o777).toBe(0o600);
    await start();
  });

  it('knows users without their key, but cannot show their secrets', async () => {
    const user = await create();
    const secret = await secretOf(user);
    await stop();
    await rm(join(dir, 'user-key'));
    await start();
    expect(users.withSecret(secret)?.id).toBe(user.id);
    await expect(users.secretOf(user.id)).rejects.toMatchObject({ code: 'conflict' });
    const rotated = await users.rotate(user.id);
    expect(await secretOf(rotated!)).not.toBe(secret);
  });

  it('finds a user by name and secret, and only by both', async () => {
    const anna = await create();
    const ben = await create({ name: 'ben' });
    expect(users.withCredentials('anna', await secretOf(anna))).toBe(anna);
    expect(users.withCredentials('anna', await secretOf(ben))).toBeNull();
    expect(users.withCredentials('Anna', await secretOf(anna))).toBeNull();
    expect(users.withCredentials('', 'unknown')).toBeNull();
  });

  it('refuses a name that is taken, also in other letter case', async () => {
    await create();
    const ben = await create({ name: 'ben' });
    await expect(create({ name: 'ANNA' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(users.change(ben.id, { name: 'Anna' })).rejects.toMatchObject({ status: 409 });
    expect((await users.change(ben.id, { name: 'Ben' }))?.name).toBe('Ben');
  });

  describe('revocation', () => {
    const refusal = (user: StreamUser, ip = '10.0.0.1'): string | null => users.refusalOf(user, ip);

    it.each<[string, Partial<UserFacts>, string]>([
      ['disabled', { isEnabled: false }, 'This user is disabled.'],
      ['expired', { expiresAtMs: 0 }, 'This user has expired.'],
      [
        'elsewhere',
        { cidrs: ['192.168.0.0/16', '::1'] },
        'This user may not come from this address.',
      ],
    ])('%s', async (_what, change, reason) => {
      const user = await create();
      expect(refusal(user)).toBeNull();
      const told = jest.fn(() => refusal(user));
      users.onRevocation(told);
      await users.change(user.id, change);
      expect(told).toHaveLastReturnedWith(reason);
      await users.change(user.id, { isEnabled: true, expiresAtMs: null, cidrs: [] });
      expect(refusal(user)).toBeNull();
    });

    it.each(['rotate', 'remove'] as const)('%s ends the validity of the secret', async (what) => {
      const user = await create();
      const secret = await secretOf(user);
      const told = jest.fn(() => refusal(user));
      users.onRevocation(told);
      await users[what](user.id);
      expect(told).toHaveLastReturnedWith('The token in the address is no longer valid.');
      expect(users.withSecret(secret)).toBeNull();
    });

    it(
      'tells an expiry when its time comes',
      async () => {
        const user = await create({ expiresAtMs: now + 50 });
        const told = new Promise<void>((resolve) => users.onRevocation(resolve));
        now += 50;
        await told;
        expect(refusal(user)).toBe('This user has expired.');
      },
      withLag(5000),
    );

    it('lets a user with CIDRs in from each of them', async () => {
      const user = await create({ cidrs: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'] });
      const allowed = ['10.9.9.9', '2001:db8::1', '192.0.2.7', '192.0.2.8', '11.0.0.1', ''];
      expect(allowed.map((ip) => refusal(user, ip) === null)).toEqual([
        true,
        true,
        true,
        false,
        false,
        false,
      ]);
    });
  });
});
