import { performance } from 'node:perf_hooks';
import { SERVER_MODES, type EngineServer, type ServerMode } from '../api/engine-server';
import type { Content, ContentSettings, FileSettings } from '../content';
import type { Engine } from '../engine';
import type { PlaybackEvent } from '../playback/playback-plan';
import type { ServedReader } from '../playback/served-reader';

export class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Json = Readonly<Record<string, unknown>>;
type Handler = (target: URL, body: Json) => unknown;

/** `/__sim/*`: faults, contents, journal and counters of a running engine. README.md describes every call. */
export class ControlApi {
  private readonly handlers: Readonly<Record<string, Handler>>;

  constructor(
    private readonly engine: Engine,
    private readonly server: EngineServer,
  ) {
    this.handlers = {
      'GET /__sim/state': () => this.state(),
      'GET /__sim/journal': (target) =>
        engine.journal.list(target.searchParams.get('path') ?? undefined),
      'DELETE /__sim/journal': done(() => engine.journal.clear()),
      'GET /__sim/faults': () => this.faults(),
      'PUT /__sim/faults': (_target, body) => {
        engine.faults.replace(listOf(body['faults']));
        return this.faults();
      },
      'POST /__sim/faults': (_target, body) => {
        engine.faults.add(body);
        return this.faults();
      },
      'DELETE /__sim/faults': done(() => engine.faults.clear()),
      'GET /__sim/content': () => engine.contents.list().map((content) => this.content(content)),
      'POST /__sim/readers': (_target, body) => this.actOnReaders(body),
      'POST /__sim/mode': (_target, body) => this.changeMode(body['mode']),
      'POST /__sim/forget': done(() => engine.sessions.forgetAll()),
      'POST /__sim/clear': () => this.clear(),
      'POST /__sim/crash': (_target, body) => {
        engine.crash(numberOf(body['code'], 1));
      },
    };
  }

  /** @throws ControlError and Errors; their message is the answer. */
  async handle(method: string, target: URL, body: unknown): Promise<unknown> {
    const json = typeof body === 'object' && body !== null ? (body as Json) : {};
    const content = /^\/__sim\/content\/([0-9a-fA-F]{40})$/.exec(target.pathname)?.[1];
    if (content !== undefined) return this.changeContent(method, content, json);
    const handler = this.handlers[`${method} ${target.pathname}`];
    if (!handler) throw new ControlError(404, `no such call: ${method} ${target.pathname}`);
    return await handler(target, json);
  }

  private state(): object {
    const now = performance.now();
    return {
      name: this.engine.options.name,
      mode: this.server.mode,
      settings: this.engine.settings,
      counters: {
        ...this.engine.counters(),
        connections: this.server.connections,
        peak_connections: this.server.peakConnections,
      },
      sessions: this.engine.sessions.list().map((session) => ({
        infohash: session.content.infohash,
        content_id: session.content.id,
        key: session.key,
        pid: session.playerId,
        playback_session_id: session.playbackSessionId,
        age_ms: Math.round(now - session.createdAt),
        idle_ms: session.readers.size > 0 ? 0 : Math.round(now - session.lastActivity),
        readers: session.readers.size,
        bytes: session.bytes,
      })),
    };
  }

  private faults(): object {
    return { faults: this.engine.faults.list().map((fault) => fault.toJson()) };
  }

  private clear(): object {
    this.engine.clear();
    this.server.peakConnections = this.server.connections;
    return { ok: true };
  }

  private content(content: Content): object {
    const { settings } = content;
    const timeline = this.engine.contents.timeline(content);
    return {
      id: content.id,
      infohash: content.infohash,
      name: content.name,
      media: content.media,
      bitrate_mbps: settings.bitrateMbps,
      start_delay_ms: settings.startDelayMs,
      burst_seconds: settings.burstSeconds,
      peers: settings.peers,
      live: settings.isLive,
      pts_offset: settings.ptsOffsetTicks,
      clip_path: settings.clipPath,
      file_bytes: settings.file.bytes,
      file_path: settings.file.path,
      file_type: settings.file.type,
      file_seed: settings.file.seed,
      packets_per_loop: timeline.packetsPerLoop,
      packet_number: timeline.numberAt(Date.now()),
    };
  }

  private changeContent(method: string, key: string, body: Json): object {
    const content = this.engine.contents.require(key);
    if (!content) throw new ControlError(404, 'unknown content');
    if (method === 'PUT') {
      this.engine.contents.change(content, settingsOf(body, content.settings.file));
    } else if (method !== 'GET') throw new ControlError(405, 'GET or PUT');
    return this.content(content);
  }

  private async changeMode(mode: unknown): Promise<object> {
    const known = SERVER_MODES.find((candidate): candidate is ServerMode => candidate === mode);
    if (!known) throw new ControlError(400, `mode is one of ${SERVER_MODES.join(', ')}`);
    await this.server.change(known);
    return { mode: known };
  }

  /** Applies an action to the running readers of a content, or to all readers. */
  private actOnReaders(body: Json): object {
    const { content, action } = body;
    const wanted =
      typeof content === 'string' ? this.engine.contents.find(content)?.infohash : undefined;
    if (typeof content === 'string' && wanted === undefined) {
      throw new ControlError(404, 'unknown content');
    }
    const readers = [...this.engine.readers].filter(
      (reader) => wanted === undefined || reader.session.content.infohash === wanted,
    );
    for (const reader of readers) act(reader, action, body);
    return { readers: readers.length };
  }
}

/** The reader event for `action`; null if the action is not an event. */
function eventOf(action: unknown, body: Json): PlaybackEvent | null {
  switch (action) {
    case 'stall': {
      const after = body['resume_after_ms'];
      return { kind: 'stall', resumeAfterMs: typeof after === 'number' ? after : null };
    }
    case 'end':
    case 'reset':
    case 'freeze':
      return { kind: action };
    case 'steal':
      return { kind: 'steal', how: howOf(body) };
    case 'pcr_jump':
      return { kind: 'pcr_jump', seconds: numberOf(body['seconds'], 3600) };
    case 'loop_back':
      return { kind: 'loop_back', seconds: numberOf(body['seconds'], 60) };
    default:
      return null;
  }
}

function howOf(body: Json): 'end' | 'reset' | 'freeze' {
  const { how } = body;
  return how === 'reset' || how === 'freeze' ? how : 'end';
}

function act(reader: ServedReader, action: unknown, body: Json): void {
  const event = eventOf(action, body);
  if (event) reader.apply(event);
  else if (action === 'resume') reader.resume();
  else if (action === 'cut_mid_packet') reader.cut(howOf(body));
  else throw new ControlError(400, `unknown action: ${String(action)}`);
}

function settingsOf(body: Json, file: FileSettings): Partial<ContentSettings> {
  const settings: Partial<ContentSettings> = {};
  const has = (name: string): boolean => body[name] !== undefined;
  if (has('bitrate_mbps')) settings.bitrateMbps = within(body, 'bitrate_mbps', 1, 50);
  if (has('start_delay_ms')) settings.startDelayMs = within(body, 'start_delay_ms', 0, 1e8);
  if (has('burst_seconds')) settings.burstSeconds = within(body, 'burst_seconds', 0, 600);
  if (has('peers')) settings.peers = within(body, 'peers', 0, 1e6);
  if (has('live')) settings.isLive = body['live'] === true || body['live'] === 1 ? 1 : 0;
  if (has('pts_offset')) settings.ptsOffsetTicks = within(body, 'pts_offset', -(2 ** 33), 2 ** 33);
  if (has('clip_path')) settings.clipPath = textOf(body, 'clip_path');
  settings.file = {
    bytes: has('file_bytes') ? within(body, 'file_bytes', 1, 2 ** 43) : file.bytes,
    path: has('file_path') ? textOf(body, 'file_path') : file.path,
    type: has('file_type') ? textOf(body, 'file_type') : file.type,
    seed: has('file_seed') ? within(body, 'file_seed', 1, 1e9) : file.seed,
  };
  return settings;
}

function textOf(body: Json, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new ControlError(400, `${name}: a text is required`);
}

function within(body: Json, name: string, low: number, high: number): number {
  const value = body[name];
  if (typeof value === 'number' && value >= low && value <= high) return value;
  throw new ControlError(400, `${name}: a number from ${low} to ${high} is required`);
}

function numberOf(value: unknown, initial: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : initial;
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ControlError(400, 'faults is a list');
}

/** A call that is answered with a confirmation. */
function done(act: () => void): Handler {
  return () => {
    act();
    return { ok: true };
  };
}
