import { execFileSync } from 'node:child_process';

const ASK_WITHIN_MS = 30_000;

/** The reason why tests of a Docker Engine cannot run here; null if they can. Determined once per file. */
export function whyNoDocker(): string | null {
  reason ??= { text: look() };
  return reason.text;
}

let reason: { readonly text: string | null } | undefined;

/**
 * `describe` for tests of a real Docker Engine (DOCKER_HOST, or the default socket). Without one its tests are skipped,
 * and their names contain the reason; `npm test` with CI=true then counts them as failed.
 */
export function describeWithDocker(name: string, tests: () => void): void {
  const why = whyNoDocker();
  if (why === null) describe(name, tests);
  else describe.skip(`${name} ${why}`, tests);
}

function look(): string | null {
  const question = ['version', '--format', '{{.Server.Version}}'];
  try {
    execFileSync('docker', question, {
      timeout: ASK_WITHIN_MS,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return '[docker missing: scripts/services.sh installs it]';
    }
    return '[no Docker Engine answers: scripts/services.sh starts one]';
  }
}
