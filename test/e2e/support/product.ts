import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type Exit } from './child';
import { call, type Answer } from './json-http';
import { onScopeEnd } from './scope';
import type { Simulator } from './simulator';
import { eventually } from './wait';

const SCRIPT = join(__dirname, '../../../dist/main.js');

/** A socket without a Docker Engine, because `auto` must not use that of the machine. */
export const NO_DOCKER = 'unix:///nonexistent/docker.sock';

/** The API key of every product under test. */
export const API_KEY = 'e2e-key-of-every-product';

const READY_WITHIN_MS = 40_000;
const END_WITHIN_MS = 20_000;
const DIES_WITHIN_MS = 20_000;

export interface ProductOptions {
  /** Engines of the `static` driver. Without them, `env` must select the source of engines. */
  readonly engines?: readonly Simulator[];
  /** Settings, as in docs/configuration.md. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its data folder; by default a new folder that is removed afterwards. */
  readonly dataDir?: string;
  /** Maximum number of open files, as `ulimit -n` sets it. */
  readonly openFiles?: number;
  /** True: `url` returns the addresses of players with the token of a user. */
  readonly hasUser?: boolean;
  /** False: resolves as soon as the product listens, without waiting for /health/ready. */
  readonly waitReady?: boolean;
}

let lastStart = Promise.resolve();

/** One line of the JSON log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/**
 * Starts the built program on a free port. It is ended by SIGTERM with the test or file that started it, and must
 * then exit with code 0 and without a fault in its log.
 */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  if (!existsSync(SCRIPT)) throw new Error('the program is not built: npm run build');
  // Loading the program needs most of the CPU time, so products of concurrent tests start one after the other.
  const start = lastStart.then(() => startNow(options));
  lastStart = start.then(
    () => undefined,
    () => undefined,
  );
  return start;
}

async function startNow(options: ProductOptions): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-e2e-'));
  const [command, ...args] = withOpenFiles(options.openFiles, [process.execPath, SCRIPT]);
  const child = new Child('product', command!, args, {
    // Not the repository, because a developer's .env must not affect tests.
    cwd: folder,
    env: environment(options, folder),
  });
  onScopeEnd(async () => {
    try {
      if (!product.wasKilled) await product.stop();
    } finally {
      await child.end('SIGKILL', DIES_WITHIN_MS);
      rmSync(folder, { recursive: true, force: true });
    }
  });
  const product = new Product(child);
  await product.listening();
  if (options.waitReady !== false) await product.ready();
  if (options.hasUser === true) product.token = (await product.createUser()).secret;
  return product;
}

/** The shell is replaced by the program, so that signals reach it. */
function withOpenFiles(count: number | undefined, command: readonly string[]): readonly string[] {
  if (count === undefined) return command;
  return ['/bin/sh', '-c', `ulimit -n ${count} && exec "$@"`, 'sh', ...command];
}

function environment(options: ProductOptions, folder: string): Record<string, string> {
  const { engines = [] } = options;
  return {
    PATH: process.env['PATH'] ?? '',
    PORT: '0',
    API_KEY,
    DATA_DIR: options.dataDir ?? join(folder, 'data'),
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    SHUTDOWN_DRAIN: '0s',
    DOCKER_HOST: NO_DOCKER,
    ...(engines.length === 0
      ? {}
      : {
          ENGINE_DRIVER: 'static',
          ENGINE_ADDRESSES: engines.map(({ address }) => address).join(','),
        }),
    ...options.env,
  };
}

/** Log lines of uncaught faults and of leaks that the runtime noticed. */
const FAULT =
  /unhandledRejection|uncaughtException|UnhandledPromise|MaxListenersExceeded|DeprecationWarning|an unexpected fault|(?:^|\\n|\n)\s+at .+:\d+:\d+/;

/** Addresses that also exist below `/t/TOKEN`. */
const FOR_PLAYERS = /^\/+(?:ace|auto|playlist\.m3u|discover\.json|lineup|device\.xml)/;

/** Someone who may watch with a secret. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
}

/** The running program. */
export class Product {
  /** True once it was ended by another signal than SIGTERM and SIGINT; its exit code is then not checked. */
  wasKilled = false;
  port = 0;
  /** The token in the addresses of players; null: they have none. */
  token: string | null = null;
  /** The key and the secrets of users, which the program must never print. */
  private readonly secrets = new Set([API_KEY]);

  constructor(private readonly child: Child) {}

  get pid(): number {
    return this.child.pid;
  }

  /** Resolves when the process has ended. */
  get exit(): Promise<Exit> {
    return this.child.exit;
  }

  url(path: string): string {
    const isBelowToken = this.token !== null && FOR_PLAYERS.test(path);
    return `http://127.0.0.1:${this.port}${isBelowToken ? `/t/${this.token}` : ''}${path}`;
  }

  /** A call of the admin API with the key; `headers` can remove or replace it. */
  async api(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = { 'X-API-Key': API_KEY },
  ): Promise<Answer> {
    return call({ port: this.port, method, path, body, headers });
  }

  /** Creates a user of streams. */
  async createUser(body: Readonly<Record<string, unknown>> = {}): Promise<User> {
    const name = `user-${randomBytes(4).toString('hex')}`;
    const created = await this.api('POST', '/api/v1/users', { name, ...body });
    if (created.status !== 201) throw new Error(created.text);
    const { id } = created.body as { id: string };
    return { id, name: created.body.name as string, secret: await this.secretOf(id) };
  }

  /** The present secret of a user. */
  async secretOf(id: string): Promise<string> {
    const links = await this.api('GET', `/api/v1/users/${id}/links`);
    if (links.status !== 200) throw new Error(links.text);
    const { password } = links.body.xtream as { password: string };
    this.secrets.add(password);
    return password;
  }

  /** `/proxy/sessions/{id}`, also for a stream that has ended; undefined if there is none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests check the shape of answers
  async session(id: string): Promise<any> {
    const answer = await this.api('GET', `/proxy/sessions/${id}`);
    return answer.status === 200 ? answer.body : undefined;
  }

  /** Number of running streams. */
  async sessionCount(): Promise<number> {
    return (await this.api('GET', '/proxy/status')).body.active_sessions;
  }

  /** Parsed log lines; lines without JSON as `{ msg }`. */
  logs(): LogLine[] {
    return this.child.lines.map((line) => {
      try {
        return JSON.parse(line) as LogLine;
      } catch {
        return { msg: line };
      }
    });
  }

  /** The log, including every line that was printed before this call. */
  async logsSoFar(): Promise<LogLine[]> {
    // Lines arrive through a pipe in order: once the line of this request has arrived, no older line is missing.
    const path = `/log-mark-${randomBytes(8).toString('hex')}`;
    await this.api('GET', path);
    await eventually(() => this.logText().includes(path), 20_000, 'the log');
    return this.logs();
  }

  /** The log as printed. */
  logText(): string {
    return this.child.lines.join('\n');
  }

  async listening(): Promise<void> {
    this.port = await this.child.line((line) => {
      const port = /player: http:\/\/[^/]*:(\d+)\//.exec(line)?.[1];
      return port === undefined ? null : Number(port);
    }, READY_WITHIN_MS);
  }

  async ready(): Promise<void> {
    await eventually(
      async () => {
        const answer = await this.api('GET', '/health/ready');
        if (answer.status !== 200) throw new Error(answer.text);
        return true;
      },
      READY_WITHIN_MS,
      '/health/ready',
    );
  }

  /** Signals the process and does not wait. */
  kill(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') this.wasKilled = true;
    this.child.kill(signal);
  }

  /**
   * Ends the product and waits.
   *
   * @throws if it does not exit within 20 s, if its code is not 0, if the log contains a fault, or if the key or the
   *   secret of a user was printed
   */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<Exit> {
    if (this.secrets.size > 1 && this.child.ended === null) await this.expectNoSecretShown();
    const exit = await this.child.end(signal, END_WITHIN_MS);
    this.expectCleanLog();
    this.expectNoSecret('the log', this.logText());
    if (exit.code !== 0) {
      throw new Error(`the product ended with ${JSON.stringify(exit)}\n${this.child.tail()}`);
    }
    return exit;
  }

  /** @throws if the metrics, the events or the lists of streams contain the key or the secret of a user */
  async expectNoSecretShown(): Promise<void> {
    for (const path of [
      '/metrics',
      '/events?limit=1000',
      '/proxy/status',
      '/streams',
      '/engines',
    ]) {
      this.expectNoSecret(path, (await this.api('GET', path)).text);
    }
  }

  private expectNoSecret(place: string, text: string): void {
    for (const secret of this.secrets) {
      if (text.includes(secret)) throw new Error(`${place} contains the key or a token`);
    }
  }

  /** @throws if the log contains an uncaught fault */
  expectCleanLog(): void {
    const faults = this.child.lines.filter((line) => FAULT.test(line));
    if (faults.length > 0) throw new Error(`faults in the log:\n${faults.slice(0, 5).join('\n')}`);
  }
}
