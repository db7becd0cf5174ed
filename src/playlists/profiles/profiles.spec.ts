import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamUsers, type StreamUser } from '../../access';
import { DataFolder } from '../../storage';
import { Profiles } from './profiles';

const RULE = { includedGroups: [], excludedGroups: [], includedChannels: [], excludedChannels: [] };

describe('Profiles and the users that have them', () => {
  let path: string;
  let folder: DataFolder;
  let users: StreamUsers;
  let profiles: Profiles;

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'acefleet-profiles-'));
    folder = new DataFolder(path);
    await folder.open();
    users = await StreamUsers.open(folder);
    profiles = new Profiles(folder, users);
    await profiles.onModuleInit();
  });
  afterEach(async () => {
    await users.onModuleDestroy();
    await folder.close();
    rmSync(path, { recursive: true, force: true });
  });

  const create = (profile: string | null): Promise<StreamUser> =>
    users.create({
      ...{ name: 'anna', isEnabled: true, expiresAtMs: null, maxStreams: null, cidrs: [] },
      profile,
    });

  it('refuse a user with an unknown profile', async () => {
    await profiles.create('kids', RULE);
    await expect(create('kid')).rejects.toMatchObject({ code: 'invalid_request' });
    const { id } = await create(null);
    const change = users.change(id, { profile: 'kid' });
    await expect(change).rejects.toMatchObject({ code: 'invalid_request' });
    expect(users.get(id)?.profile).toBeNull();
    expect((await users.change(id, { profile: 'kids' }))?.profile).toBe('kids');
  });

  it('keep a profile as long as a user has it', async () => {
    await profiles.create('kids', RULE);
    const { id } = await create('kids');
    await expect(profiles.remove('kids')).rejects.toMatchObject({ code: 'conflict' });
    expect(profiles.resolve('kids').name).toBe('kids');
    await users.change(id, { profile: null });
    await profiles.remove('kids');
    expect(profiles.list()).toEqual([]);
  });

  it('do not tell the names of profiles to those who ask for another', async () => {
    await profiles.create('kids', RULE);
    expect(() => profiles.resolve('none')).toThrow(
      expect.objectContaining({ code: 'not_found', detail: expect.not.stringContaining('kids') }),
    );
  });
});
