import type { EngineSession } from '../../ace';
import type { SlotLease } from '../../engines';
import type { SourceSelector } from '../../kernel/content-selector';
import type { AppError } from '../../kernel/errors';
import type { EndReason } from './session.types';

/** What a start as a broadcast found to be recorded, on the engine that said so. */
export interface FoundRecording {
  readonly selector: SourceSelector;
  readonly lease: SlotLease;
  readonly engineSession: EngineSession;
}

/** The room that hands recorded content through; it makes itself known to the directory of sessions. */
export interface RecordingHost {
  /** Playbacks under way, each of which takes the place of a session. */
  readonly count: number;
  /** Takes slot and engine session over. False when it does not: then they are still the caller's. */
  take(found: FoundRecording): boolean;
  /** Whether a start that ended with `error` was that of a file: then it is played there, and did not fail. */
  learn(selector: SourceSelector, infohash: string | null, error: AppError): boolean;
  /** Ends the playback that nobody has read for longest, if there is one: its place is free at once. */
  makePlace(): void;
  endAll(reason: EndReason): Promise<void>;
}
