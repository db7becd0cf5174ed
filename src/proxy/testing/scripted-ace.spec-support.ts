import type { IncomingMessage } from 'node:http';
import {
  EngineFault,
  type AceEngineClient,
  type EngineEndpoint,
  type EngineFaultKind,
  type EngineSession,
  type EngineStat,
  type FilePart,
} from '../../ace';
import type { ContentSelector } from '../../kernel/content-selector';
import { ScriptedSource } from './scripted-source.spec-support';

export interface StartCall {
  /** Host of the engine, which equals its id in these tests. */
  readonly engineId: string;
  readonly selector: ContentSelector;
  readonly signal: AbortSignal;
  /** Number of this start, counted from 1. */
  readonly number: number;
}

type PlaybackApi = Pick<AceEngineClient, 'start' | 'stop' | 'stat' | 'openMedia' | 'openFile'>;

export function fault(kind: EngineFaultKind, reason: string): EngineFault {
  return new EngineFault(kind, reason, 'said the engine');
}

/** The engine session number `n`, without an infohash unless `changes` have one. */
export function engineSession(n: number, changes: Partial<EngineSession> = {}): EngineSession {
  return {
    playbackPath: `/ace/r/${n}`,
    statPath: `/ace/stat/${n}`,
    commandPath: `/ace/cmd/${n}`,
    infohash: null,
    playbackSessionId: `session-${n}`,
    isLive: 1,
    playerId: `player-${n}`,
    ...changes,
  };
}

/** Statistics of a healthy stream, with `changes`. */
export function stat(changes: Partial<EngineStat> = {}): EngineStat {
  return {
    status: 'dl',
    peers: 5,
    speedDownKBps: 500,
    speedUpKBps: 100,
    downloadedBytes: 1_000_000,
    uploadedBytes: 100_000,
    livePosition: null,
    ...changes,
  };
}

/**
 * The API of all engines, scripted by tests. By default each start is answered at once with a new engine session,
 * and each opened playback is a source that delivers nothing yet.
 */
export class ScriptedAce implements PlaybackApi {
  /** Every call, in order: `start e1 content_id`, `open e1 /ace/r/1`, `stop e1 /ace/cmd/1`, `file e1 /ace/r/1`. */
  readonly log: string[] = [];
  readonly sources: ScriptedSource[] = [];
  onStart: (call: StartCall) => EngineSession | Promise<EngineSession> = ({ number }) =>
    engineSession(number);
  onOpen: (path: string, signal: AbortSignal) => ScriptedSource | Promise<ScriptedSource> = () =>
    new ScriptedSource();
  onFile: (engineId: string, signal: AbortSignal) => Promise<IncomingMessage> = () =>
    Promise.reject(fault('engine', 'no_file'));
  onStat: (session: EngineSession) => EngineStat | Promise<EngineStat> = () =>
    Promise.reject(fault('engine', 'no_stat_url'));
  onStop: () => Promise<void> = () => Promise.resolve();
  private starts = 0;

  async start(
    engine: EngineEndpoint,
    selector: ContentSelector,
    o: { readonly signal: AbortSignal },
  ): Promise<EngineSession> {
    const number = ++this.starts;
    this.log.push(`start ${engine.host} ${selector.kind}`);
    o.signal.throwIfAborted();
    return this.onStart({ engineId: engine.host, selector, signal: o.signal, number });
  }

  async stop(engine: EngineEndpoint, { commandPath }: EngineSession): Promise<void> {
    this.log.push(`stop ${engine.host} ${commandPath ?? ''}`);
    await this.onStop();
  }

  async stat(_engine: EngineEndpoint, session: EngineSession): Promise<EngineStat> {
    return this.onStat(session);
  }

  async openMedia(
    engine: EngineEndpoint,
    path: string,
    o: { readonly signal: AbortSignal },
  ): Promise<IncomingMessage> {
    this.log.push(`open ${engine.host} ${path}`);
    const source = await this.onOpen(path, o.signal);
    o.signal.addEventListener('abort', () => source.body.destroy(), { once: true });
    this.sources.push(source);
    return source.body;
  }

  async openFile(
    engine: EngineEndpoint,
    path: string,
    _part: FilePart,
    o: { readonly signal: AbortSignal },
  ): Promise<IncomingMessage> {
    this.log.push(`file ${engine.host} ${path}`);
    return this.onFile(engine.host, o.signal);
  }

  /** Number of calls whose log line begins with `prefix`. */
  count(prefix: string): number {
    return this.log.filter((line) => line.startsWith(prefix)).length;
  }
}
