import { accessSync, chownSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Child } from './child';
import { onScopeEnd } from './scope';

/** Debian's user for programs without rights to any file. */
const NOBODY = { uid: 65534, name: 'nobody' };
const SYSTEM_FOLDERS = '/usr/sbin:/sbin';

/** The reason why these programs cannot be used here; null if they can. */
export function whyNoPrograms(...names: readonly string[]): string | null {
  const missing = names.filter((name) => !isThere(name));
  if (missing.length === 0) return null;
  return `[${missing.join(', ')} missing: scripts/services.sh installs it]`;
}

/** Runs a program until the current test or file is over, with its own empty home folder. */
export function runProgram(name: string, ...args: readonly string[]): Child {
  return started(name, name, args, temporaryFolder());
}

/** The same without root rights, which some players require. */
export function runAsNobody(name: string, ...args: readonly string[]): Child {
  const home = temporaryFolder();
  if (process.getuid?.() !== 0) return started(name, name, args, home);
  chownSync(home, NOBODY.uid, NOBODY.uid);
  // `runuser` forwards SIGTERM to its program, but leaves it running when it is killed.
  return started(name, 'runuser', ['-u', NOBODY.name, '--', name, ...args], home, 'SIGTERM');
}

/** A folder that is removed after the test or file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-player-'));
  onScopeEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

function started(
  name: string,
  command: string,
  args: readonly string[],
  home: string,
  signal: NodeJS.Signals = 'SIGKILL',
): Child {
  const env = { PATH: searchPath(), HOME: home, LC_ALL: 'C' };
  const child = new Child(name, command, args, { cwd: home, env });
  onScopeEnd(async () => {
    if (child.ended === null) await child.end(signal, 20_000);
  });
  return child;
}

function isThere(name: string): boolean {
  return searchPath()
    .split(delimiter)
    .some((folder) => {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function searchPath(): string {
  return [process.env['PATH'] ?? '', SYSTEM_FOLDERS].join(delimiter);
}
