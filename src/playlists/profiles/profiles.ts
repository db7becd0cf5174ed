import { Injectable, type OnModuleInit } from '@nestjs/common';
import { StreamUsers } from '../../access';
import { AppError } from '../../kernel/errors';
import { SerialQueue } from '../../kernel/serial-queue';
import { DataFolder, ProfileStore } from '../../storage';
import { newDeviceId } from '../device-id';
import type { Profile, ProfileRule } from './profile';

const MAX_PROFILES = 100;

/** The profiles by their names. */
@Injectable()
export class Profiles implements OnModuleInit {
  private readonly store: ProfileStore<ProfileRule>;
  private readonly byName = new Map<string, Profile>();
  private readonly changeListeners: (() => void)[] = [];
  /** Each change is on the disk before it takes effect. */
  private readonly changes = new SerialQueue();

  constructor(
    folder: DataFolder,
    private readonly users: StreamUsers,
  ) {
    this.store = new ProfileStore(folder);
    users.checkProfiles((name) => this.byName.has(name));
  }

  async onModuleInit(): Promise<void> {
    for (const profile of await this.store.list()) this.byName.set(profile.name, profile);
  }

  /** All profiles, sorted by name. */
  list(): Profile[] {
    return [...this.byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * The profile that a request asks for.
   *
   * @param name null: all channels, so that the result is null
   * @throws AppError `not_found`, without the names of other profiles, because users of streams read it
   */
  resolve(name: string): Profile;
  resolve(name: string | null): Profile | null;
  resolve(name: string | null): Profile | null {
    if (name === null) return null;
    const profile = this.byName.get(name);
    if (profile !== undefined) return profile;
    throw new AppError('not_found', 'There is no such profile.');
  }

  /** @throws AppError `conflict` for a name that is taken, or if there are too many; as `Database.change` */
  create(name: string, rule: ProfileRule): Promise<Profile> {
    return this.changes.run(async () => {
      if (this.byName.has(name)) {
        throw new AppError('conflict', `There is already a profile "${name}".`);
      }
      if (this.byName.size >= MAX_PROFILES) {
        throw new AppError(
          'conflict',
          `There are already ${MAX_PROFILES} profiles, which is the limit.`,
        );
      }
      return this.write({ name, rule, deviceId: newDeviceId() });
    });
  }

  /** Changes parts of the rule. @throws AppError `not_found`; as `Database.change` */
  change(name: string, rule: Partial<ProfileRule>): Promise<Profile> {
    return this.changes.run(() => {
      const profile = this.resolve(name);
      return this.write({ ...profile, rule: { ...profile.rule, ...rule } });
    });
  }

  /** @throws AppError `not_found`; `conflict` if it is the profile of a user; as `Database.change` */
  remove(name: string): Promise<void> {
    return this.changes.run(async () => {
      this.resolve(name);
      const user = this.users.list().find(({ profile }) => profile === name);
      if (user !== undefined) {
        throw new AppError('conflict', `It is the profile of the user "${user.name}".`);
      }
      await this.store.remove(name);
      this.byName.delete(name);
      this.changed();
    });
  }

  onChange(listener: () => void): void {
    this.changeListeners.push(listener);
  }

  private async write(profile: Profile): Promise<Profile> {
    await this.store.put(profile);
    this.byName.set(profile.name, profile);
    this.changed();
    return profile;
  }

  private changed(): void {
    for (const listener of this.changeListeners) listener();
  }
}
