import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of 64 KiB in its own folder. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Null where mounting is not possible. */
  static mount(): SmallDisk | null {
    const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
    try {
      const options = { stdio: 'ignore' } as const;
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], options);
      return new SmallDisk(folder);
    } catch {
      rmSync(folder, { recursive: true });
      return null;
    }
  }

  /** Fills the disk completely. */
  fill(): void {
    for (let size = 64 * 1024; size > 0; size = Math.floor(size / 2)) {
      try {
        for (;;) writeFileSync(join(this.folder, 'filler'), Buffer.alloc(size), { flag: 'a' });
      } catch {
        // If it does not fit, half of it may fit.
      }
    }
  }

  makeRoom(): void {
    rmSync(join(this.folder, 'filler'), { force: true });
  }

  makeReadOnly(isReadOnly: boolean): void {
    execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.folder]);
  }

  unmount(): void {
    execFileSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}
