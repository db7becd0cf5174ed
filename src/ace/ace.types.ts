/** Where an engine's HTTP API listens. Everything an engine says about addresses is replaced by this. */
export interface EngineEndpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * An engine session as `getstream?format=json` describes it. The paths are origin-form
 * (`/ace/r/…?query`): scheme, host and port of the engine's answer are discarded, because in containers
 * they are often unreachable, and because an answer that points elsewhere must not be followed there.
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
  /** The `pid` this session was opened with; unique per upstream. */
  readonly playerId: string;
}

/** What an engine knows of a content without opening a session. */
export interface ContentResolution {
  /** 40 lower-case hex digits. */
  readonly infohash: string;
  readonly name: string | null;
  /** 1 live, 0 recorded, -1 not said. */
  readonly isLive: 1 | 0 | -1;
  /** Null when the engine gave no list. */
  readonly fileCount: number | null;
}

/** Live statistics of a session, as the engine gives them. Speeds are KB/s. */
export interface EngineStat {
  readonly status: string | null;
  readonly peers: number | null;
  readonly speedDownKBps: number | null;
  readonly speedUpKBps: number | null;
  readonly downloadedBytes: number | null;
  readonly uploadedBytes: number | null;
  readonly livePosition: EngineLivePosition | null;
}

/** Where live is, as texts of the engine: unix seconds, or numbers of pieces. Only while it downloads. */
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
 * What is at fault when an engine refuses.
 * - `content`: the content does not exist or cannot be loaded, on any engine;
 * - `engine`: this engine is broken, hung, or speaks nonsense;
 * - `session`: this engine session is gone or was taken over; another one may work;
 * - `warming`: the engine is still pre-buffering, the same session may work in a moment;
 * - `unsupported`: the content is not a live MPEG-TS.
 */
export type EngineFaultKind = 'content' | 'engine' | 'session' | 'warming' | 'unsupported';

/** A failed conversation with an engine, already classified. `detail` quotes the engine, cut and cleaned. */
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

/** What a probe learned. An engine that gave one has answered completely, twice, within the deadline. */
export interface EngineProbe {
  /** As the engine names it, e.g. `3.2.3`; null when it answered without one. */
  readonly version: string | null;
  /** Whether the engine says that it reaches its network; null when it did not say. */
  readonly networkConnected: boolean | null;
}
