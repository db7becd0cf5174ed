import type { EngineSession } from '../../ace';
import type { SlotLease } from '../../engines';
import type { SourceSelector } from '../../kernel/content-selector';
import type { AppError } from '../../kernel/errors';

/** A content that an engine reported to be a file when a live stream started it, with the slot on that engine. */
export interface FoundFile {
  readonly selector: SourceSelector;
  readonly lease: SlotLease;
  readonly engineSession: EngineSession;
}

/** Plays contents that turn out to be files. */
export abstract class FileHost {
  /** Takes the slot and the engine session over. If it returns false, the caller still owns both. */
  abstract take(found: FoundFile): boolean;
  /** Returns true if the start that failed with `error` was really a file. The content is then played as one. */
  abstract learn(selector: SourceSelector, infohash: string | null, error: AppError): boolean;
}
