import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { docker } from './docker-cli';

const run = promisify(execFile);

export interface CommandOptions {
  readonly timeoutMs: number;
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/**
 * Runs a command with its own deadline, such as a build.
 * @returns its standard output without the last line end
 * @throws Error with the end of its output
 */
export async function runCommand(
  program: 'docker' | 'docker-compose',
  args: readonly string[],
  { timeoutMs, env, cwd }: CommandOptions,
): Promise<string> {
  const options = { cwd, timeout: timeoutMs, env: { ...process.env, ...env } };
  try {
    const { stdout } = await run(program, [...args], { ...options, maxBuffer: 32 * 1024 * 1024 });
    return stdout.trimEnd();
  } catch (error) {
    const { stdout = '', stderr = '', killed } = error as Record<string, string | undefined>;
    const why = killed ? ` (not done within ${timeoutMs} ms)` : '';
    const said = `${stdout}\n${stderr}`.trim().slice(-4000);
    throw new Error(`${program} ${args.join(' ')}${why}: ${said}`, { cause: error });
  }
}

/** What `docker inspect` shows of a container, image or network. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of many shapes
export async function dockerInspect(name: string): Promise<any> {
  return JSON.parse(await docker(['inspect', name]))[0];
}
