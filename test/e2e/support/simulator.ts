import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Child, type Exit } from './child';
import { call } from './json-http';
import { onScopeEnd } from './scope';

const SCRIPT = join(__dirname, '../../../simulator/dist/main.js');
const LISTENS_WITHIN_MS = 40_000;
const DIES_WITHIN_MS = 20_000;

/** Options of the simulator's command line; see `simulator/README.md`. */
export interface SimulatorOptions {
  /** Port of the engine API; 0, the default, selects any. */
  readonly httpPort?: number;
  readonly name?: string;
  /** Plays any id, not only the catalogue. Default: true. */
  readonly anyContent?: boolean;
  readonly bitrateMbps?: number;
  readonly startDelayMs?: number;
  readonly burstSeconds?: number;
  readonly maxSessions?: number;
  /** Further options, passed unchanged. */
  readonly args?: readonly string[];
}

/** A fault in the format of `/__sim/faults`: `kind`, `content`, `nth`, `from`, `times`, `where` and its parameters. */
export type FaultDescription = { readonly kind: string } & Readonly<Record<string, unknown>>;

export interface SimulatedSession {
  readonly infohash: string;
  readonly content_id: string | null;
  readonly pid: string;
  readonly playback_session_id: string;
  readonly age_ms: number;
  readonly readers: number;
  readonly bytes: number;
}

export interface SimulatorState {
  readonly mode: string;
  /** sessions_opened, sessions_stopped, sessions_open, sessions_leaked, readers, peak_readers_per_content, … */
  readonly counters: Readonly<Record<string, number>>;
  readonly sessions: readonly SimulatedSession[];
}

export interface JournalEntry {
  readonly n: number;
  readonly method: string;
  /** The request target exactly as the engine received it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface ContentSettings {
  readonly bitrate_mbps?: number;
  readonly start_delay_ms?: number;
  readonly burst_seconds?: number;
  readonly peers?: number;
  readonly live?: 0 | 1;
  readonly pts_offset?: number;
  /** The clip that is played in a loop. */
  readonly clip_path?: string;
}

/** Starts one simulated engine. It ends with the test or file that started it. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  if (!existsSync(SCRIPT)) throw new Error('the simulator is not built: npm run build');
  const { name = 'engine' } = options;
  const child = new Child(`simulator ${name}`, process.execPath, [SCRIPT, ...flags(options)], {
    env: { PATH: process.env['PATH'] },
  });
  // An engine without any message is ended as well.
  onScopeEnd(() => end(child));
  return new Simulator(child, await child.line(readPorts, LISTENS_WITHIN_MS));
}

function flags(options: SimulatorOptions): string[] {
  const args = ['--http-port', String(options.httpPort ?? 0), '--control-port', '0'];
  args.push('--exit-with-parent', '--name', options.name ?? 'engine');
  if (options.anyContent !== false) args.push('--any-content');
  const numbers: Record<string, number | undefined> = {
    bitrate: options.bitrateMbps,
    'start-delay': options.startDelayMs,
    'burst-seconds': options.burstSeconds,
    'max-sessions': options.maxSessions,
  };
  for (const [flag, value] of Object.entries(numbers)) {
    if (value !== undefined) args.push(`--${flag}`, String(value));
  }
  return [...args, ...(options.args ?? [])];
}

interface Ports {
  readonly http_port: number;
  readonly control_port: number;
}

function readPorts(line: string): Ports | null {
  return line.includes('"listening"') ? (JSON.parse(line) as Ports) : null;
}

/** A simulated engine and its control API. */
export class Simulator {
  readonly httpPort: number;
  readonly controlPort: number;

  constructor(
    private readonly child: Child,
    ports: Ports,
  ) {
    this.httpPort = ports.http_port;
    this.controlPort = ports.control_port;
  }

  get pid(): number {
    return this.child.pid;
  }

  get exit(): Promise<Exit> {
    return this.child.exit;
  }

  /** `host:port` for ENGINE_ADDRESSES. */
  get address(): string {
    return `127.0.0.1:${this.httpPort}`;
  }

  /** The engine's id in the product under the `static` driver. */
  get engineId(): string {
    return `static-127.0.0.1-${this.httpPort}`;
  }

  /** Adds a fault to the existing ones. */
  async fault(fault: FaultDescription): Promise<void> {
    await this.control('POST', '/__sim/faults', fault);
  }

  async clearFaults(): Promise<void> {
    await this.control('DELETE', '/__sim/faults');
  }

  async state(): Promise<SimulatorState> {
    return (await this.control('GET', '/__sim/state')) as SimulatorState;
  }

  async counters(): Promise<Readonly<Record<string, number>>> {
    return (await this.state()).counters;
  }

  /** Requests to the engine API whose path begins with `path`, oldest first. */
  async journal(path = '/'): Promise<JournalEntry[]> {
    const query = `path=${encodeURIComponent(path)}`;
    return (await this.control('GET', `/__sim/journal?${query}`)) as JournalEntry[];
  }

  /** Requests that open a session of this content, by the id or infohash in the request. */
  async starts(key: string): Promise<JournalEntry[]> {
    return (await this.journal('/ace/getstream')).filter(({ url }) => url.includes(key));
  }

  /** Changes a content, by its id or infohash, for playbacks that start afterwards. */
  async setContent(key: string, settings: ContentSettings): Promise<{ infohash: string }> {
    return (await this.control('PUT', `/__sim/content/${key}`, settings)) as { infohash: string };
  }

  /** The engine's data about a content, including its infohash. */
  async content(key: string): Promise<{ id: string | null; infohash: string }> {
    const answer = await this.control('GET', `/__sim/content/${key}`);
    return answer as { id: string | null; infohash: string };
  }

  /** Acts at once on current readers: stall, resume, end, reset, freeze, cut_mid_packet, steal, pcr_jump, loop_back. */
  async actOnReaders(action: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.control('POST', '/__sim/readers', { action, ...more });
  }

  /** Resets faults, journal and counters to their state after a start; sessions stay. */
  async clear(): Promise<void> {
    await this.control('POST', '/__sim/clear');
  }

  /** Any call of the control API. @throws if the status is not 200 */
  async control(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await call({ port: this.controlPort, method, path, body });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.text}`);
    return answer.body;
  }

  /** Signals the process and does not wait; SIGSTOP freezes it, SIGCONT continues it. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.child.kill(signal);
  }

  async stop(): Promise<void> {
    await end(this.child);
  }
}

async function end(child: Child): Promise<void> {
  // A frozen process must continue to notice its end.
  child.kill('SIGCONT');
  await child.end('SIGKILL', DIES_WITHIN_MS);
}

/** The times of the engine's requests to a path, ms since 1970. */
export async function journalTimes(engine: Simulator, path: string): Promise<number[]> {
  const query = `path=${encodeURIComponent(path)}`;
  const entries = (await engine.control('GET', `/__sim/journal?${query}`)) as { time: string }[];
  return entries.map(({ time }) => Date.parse(time));
}
