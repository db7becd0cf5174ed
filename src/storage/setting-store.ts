import { AppError } from '../kernel/errors';
import type { DataFolder } from './data-folder';

/** Begins the texts of secrets that are encrypted. Version 0.1.0 stored secrets in plain text. */
const SEALED = 'sealed:';

/** The settings that were changed with the API: texts by the names of their variables. Secrets are encrypted. */
export class SettingStore {
  /** @param isSecret whether the setting with this name is secret */
  constructor(
    private readonly folder: DataFolder,
    private readonly isSecret: (name: string) => boolean,
  ) {}

  /**
   * Returns null for a secret that was encrypted with another key. Encrypts secrets that an earlier version has stored in
   * plain text, if the disk accepts that now.
   *
   * @throws DatabaseError
   */
  async list(): Promise<ReadonlyMap<string, string | null>> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('settings').selectAll().orderBy('name').execute(),
    );
    const texts = new Map<string, string | null>();
    const plain = new Map<string, string>();
    for (const { name, value } of rows) {
      texts.set(name, await this.opened(name, value));
      if (this.isSecret(name) && !value.startsWith(SEALED)) plain.set(name, value);
    }
    if (plain.size > 0) {
      await this.write(plain).catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
      });
    }
    return texts;
  }

  /** Writes all changes or none; null removes a setting. @throws as `Database.change` and `SecretSeal.seal` */
  async write(changes: ReadonlyMap<string, string | null>): Promise<void> {
    const rows: (readonly [name: string, value: string | null])[] = [];
    for (const [name, text] of changes) {
      const isSealed = text !== null && this.isSecret(name);
      rows.push([name, isSealed ? await this.sealed(name, text) : text]);
    }
    await this.folder.database.change(async (transaction) => {
      for (const [name, value] of rows) {
        await transaction.deleteFrom('settings').where('name', '=', name).execute();
        if (value === null) continue;
        await transaction.insertInto('settings').values({ name, value }).execute();
      }
    });
  }

  private async sealed(name: string, text: string): Promise<string> {
    return SEALED + (await this.folder.secrets.seal(text, ownerOf(name)));
  }

  private async opened(name: string, value: string): Promise<string | null> {
    if (!this.isSecret(name) || !value.startsWith(SEALED)) return value;
    try {
      return await this.folder.secrets.open(value.slice(SEALED.length), ownerOf(name));
    } catch (error) {
      // The key cannot be read now. That must not hide the other settings.
      if (error instanceof AppError) return null;
      throw error;
    }
  }
}

/** No user has such an id. */
function ownerOf(name: string): string {
  return `setting ${name}`;
}
