import type { EngineSession } from '../../ace';
import type { SlotLease } from '../../engines';
import type { SourceSelector } from '../../kernel/content-selector';
import type { AppError } from '../../kernel/errors';

/** A start as a broadcast found the content to be a file, on the engine of this slot. */
export interface FoundFile {
  readonly selector: SourceSelector;
  readonly lease: SlotLease;
  readonly engineSession: EngineSession;
}

/** Plays the contents that turn out to be files. */
export abstract class FileHost {
  /** Takes slot and engine session over. False when it does not: then they are still the caller's. */
  abstract take(found: FoundFile): boolean;
  /** Whether a start that ended with `error` was a start of a file: then the content is played as one. */
  abstract learn(selector: SourceSelector, infohash: string | null, error: AppError): boolean;
}
