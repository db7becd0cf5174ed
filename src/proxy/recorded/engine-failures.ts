import { AppError } from '../../kernel/errors';

/**
 * What went wrong with engines for one request, at their start as well as at their media: one memory for both, so that
 * whoever gives up has words for it. Engines that are in it are not asked again.
 */
export class EngineFailures {
  private readonly ids = new Set<string>();
  private words = 'no answer';

  get engines(): ReadonlySet<string> {
    return this.ids;
  }

  /** What happened last, for the caller to read. */
  get last(): string {
    return this.words;
  }

  /** It happened, and says nothing about the engine. */
  note(reason: string): void {
    this.words = reason;
  }

  add(engineId: string, reason: string): void {
    this.ids.add(engineId);
    this.words = reason;
  }

  /** All may be asked again; what happened stays known. */
  forgive(): void {
    this.ids.clear();
  }

  /** For the caller, when nobody is left to ask. */
  asError(): AppError {
    return new AppError('engine_failed', `Every engine tried failed; the last with ${this.words}.`);
  }
}
