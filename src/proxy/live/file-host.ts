import type { EngineSession } from '../../ace';
import type { SlotLease } from '../../engines';
import type { SourceSelector } from '../../kernel/content-selector';
import type { AppError } from '../../kernel/errors';

/** A content that a live stream has started and that the engine reports to be a file, with the slot on that engine. */
export interface FoundFile {
  readonly selector: SourceSelector;
  readonly lease: SlotLease;
  readonly engineSession: EngineSession;
}

/** Plays the contents that live streams have found to be files. */
export abstract class FileHost {
  /** Takes over the slot and the engine session. If it returns false, the caller still owns both. */
  abstract take(found: FoundFile): boolean;
  /**
   * Returns true if `error` shows that the content is a file. The content is then remembered as a file, and the
   * requests that waited for the start continue as file playbacks.
   */
  abstract learn(selector: SourceSelector, infohash: string | null, error: AppError): boolean;
}
