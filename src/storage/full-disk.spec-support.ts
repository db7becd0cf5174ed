import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A small file system in its own folder. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Null where mounting is not possible. */
  static mount(kib = 64): SmallDisk | null {
    const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
    try {
      const options = { stdio: 'ignore' } as const;
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', folder], options);
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

  /**
   * Closes the files of closed databases now. libsql keeps them open until their statements are garbage-collected: until
   * then removed files take up space, and the disk cannot be made read-only.
   */
  async closeFiles(): Promise<void> {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let round = 0; this.hasOpenFiles(); round += 1) {
      if (round === 100) throw new Error(`files on ${this.folder} stay open`);
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private hasOpenFiles(): boolean {
    return readdirSync('/proc/self/fd').some((file) => {
      try {
        return readlinkSync(`/proc/self/fd/${file}`).startsWith(this.folder);
      } catch {
        return false;
      }
    });
  }

  unmount(): void {
    // A closed database keeps its file open until its statements are garbage-collected.
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}
