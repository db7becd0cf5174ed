import { commandLine } from './command-line';
import { type ValueType } from './setting';

const MAX_ENTRIES = 100;

const ENTRY = /^([A-Za-z_][A-Za-z0-9_]*)=/;

/**
 * Variables with which images of engines choose ports and options. acefleet passes these as arguments, and looks for an
 * engine at the ports that it has chosen. Without the image's own PATH, the entry point is not found.
 */
const REFUSED: ReadonlySet<string> = new Set([
  ...['HTTP_PORT', 'HTTPS_PORT', 'API_PORT', 'P2P_PORT'],
  ...['EXTRA_FLAGS', 'ALLOW_REMOTE_ACCESS', 'BIND_ALL', 'ACESTREAM_ARGS'],
  'PATH',
]);

/** Environment variables as `NAME=value`, written like words of a command line; each name once. */
export function environmentEntries(): ValueType<readonly string[]> {
  const line = commandLine();
  return {
    allowed: `NAME=value entries, separated by blanks, each name once, with quotes around an entry with blanks, and none of ${[...REFUSED].join(', ')}`,
    parse: (text, machine) => {
      const entries = line.parse(text, machine);
      if (entries === undefined || entries.length > MAX_ENTRIES) return undefined;
      const names = entries.map((entry) => ENTRY.exec(entry)?.[1]);
      const areAllowed = names.every((name) => name !== undefined && !REFUSED.has(name));
      return areAllowed && new Set(names).size === names.length ? entries : undefined;
    },
  };
}
