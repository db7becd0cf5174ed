/**
 * Address of an engine's HTTP API. It is used instead of the scheme, host and port in the addresses that the engine
 * sends.
 */
export interface EngineEndpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * An engine session as `getstream?format=json` describes it. The paths contain the query (`/ace/r/…?query`). Scheme,
 * host and port of the engine's answer are discarded, because they are often unreachable from another container, and
 * because an engine must not be able to redirect us to another host.
 */
export interface EngineSession {
  readonly playbackPath: string;
  readonly statPath: string | null;
  readonly commandPath: string | null;
  /** 40 lower-case hex digits, or null when the engine left it out. */
  readonly infohash: string | null;
  readonly playbackSessionId: string | null;
  /** 1 live, 0 not live, -1 unknown to the engine. */
  readonly isLive: 1 | 0 | -1;
  /** The `pid` with which this session was opened; unique per session. */
  readonly playerId: string;
}

/** Facts about a content that an engine reports without opening a session. */
export interface ContentResolution {
  /** 40 lower-case hex digits. */
  readonly infohash: string;
  readonly name: string | null;
  /** 1 live, 0 recorded, -1 not reported. */
  readonly isLive: 1 | 0 | -1;
  /** Null when the engine gave no list. */
  readonly fileCount: number | null;
}

/** Live statistics of a session, as the engine reports them. Speeds are KB/s. */
export interface EngineStat {
  readonly status: string | null;
  readonly peers: number | null;
  readonly speedDownKBps: number | null;
  readonly speedUpKBps: number | null;
  readonly downloadedBytes: number | null;
  readonly uploadedBytes: number | null;
  readonly livePosition: EngineLivePosition | null;
}

/**
 * The live position, in the engine's own notation: unix seconds, or piece numbers. Present only while the engine
 * downloads.
 */
export interface EngineLivePosition {
  readonly pos: string | null;
  readonly liveFirst: string | null;
  readonly liveLast: string | null;
  readonly firstTs: string | null;
  readonly lastTs: string | null;
  readonly last: string | null;
  readonly bufferPieces: string | null;
}

/**
 * The party at fault when an engine refuses.
 * - `content`: the content does not exist or cannot be loaded, on any engine;
 * - `engine`: this engine is broken, hangs, or sends invalid answers;
 * - `session`: this engine session is gone or was taken over; another one may work;
 * - `warming`: the engine is still pre-buffering, and the same session may work soon;
 * - `unsupported`: the content is not a live MPEG-TS.
 */
export type EngineFaultKind = 'content' | 'engine' | 'session' | 'warming' | 'unsupported';

/**
 * A failed call to an engine, already classified. `detail` quotes the engine, shortened and without control
 * characters.
 */
export class EngineFault extends Error {
  constructor(
    readonly kind: EngineFaultKind,
    /** Stable reason, e.g. `connect_refused`, `answer_timeout`, `bad_json`, `http_500`, `foreign_address`. */
    readonly reason: string,
    readonly detail: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(`${reason}: ${detail}`, options);
    this.name = 'EngineFault';
  }
}

/** The result of a probe. It exists only if the engine answered both requests completely within the deadline. */
export interface EngineProbe {
  /** As the engine reports it, e.g. `3.2.3`; null when the answer contained no version. */
  readonly version: string | null;
  /** Whether the engine reports that it reaches its network; null when it did not report it. */
  readonly networkConnected: boolean | null;
}

/** Settings of a running engine, by the names of its API. */
export interface EngineSettings {
  /** KB/s; 0: no limit. */
  readonly download_limit?: number;
  /** KB/s; 0: no limit. */
  readonly upload_limit?: number;
  /** Seconds of live media that are collected before the engine begins to send. */
  readonly live_buffer?: number;
}
