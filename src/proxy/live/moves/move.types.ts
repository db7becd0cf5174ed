/** Who wants a stream to leave an engine that still works: an operator this stream, or whoever drains its engine. */
export type MoveCause = 'operator' | 'drain';

/** What came of a planned move. */
export interface MoveResult {
  readonly fromEngineId: string;
  readonly toEngineId: string;
  /** From the choice of the new engine to its first packet at viewers. */
  readonly durationMs: number;
}

export interface MoveReport {
  moved(result: MoveResult, cause: MoveCause): void;
  /** An engine was tried and failed; the stream stays where it is. */
  moveFailed(fromEngineId: string, toEngineId: string, cause: MoveCause, reason: string): void;
}

/** A move that was begun; `result` never goes unhandled. */
export interface MoveUnderWay {
  readonly fromEngineId: string;
  /** @throws AppError `conflict` when the stream stays where it is */
  readonly result: Promise<MoveResult>;
}
