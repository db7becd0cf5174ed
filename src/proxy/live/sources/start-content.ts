import { randomUUID } from 'node:crypto';
import {
  type AbandonedStart,
  EngineFault,
  type AceEngineClient,
  type EngineEndpoint,
  type EngineSession,
} from '../../../ace';
import { monotonicMs } from '../../../kernel/clock';
import type { SourceSelector } from '../../../kernel/content-selector';

/** What to start on an engine. */
export interface StartRequest {
  readonly selector: SourceSelector;
  /** Maximum time for all calls together (at most two), in ms. */
  readonly timeoutMs: number;
  /** True if an id that the engine does not know may be requested again as the other kind: content id or infohash. */
  readonly mayTryOtherForm: boolean;
  readonly signal: AbortSignal;
  /**
   * Called when a call was given up that the engine may still answer. `start.done` settles when the engine has finished
   * that call.
   */
  readonly onLate?: (start: AbandonedStart) => void;
}

/** A content that an engine has started. */
export interface StartedContent {
  readonly engineSession: EngineSession;
  /** The selector that the engine knew. Use it for requests to other engines too. */
  readonly selector: SourceSelector;
}

/**
 * Starts a content on an engine. If the engine does not know a content id, a second call requests the same value as an
 * infohash, and the reverse, because users often mistake one for the other.
 *
 * @throws EngineFault, of the first call if the engine knows the content under neither kind of id; the signal's reason
 */
export async function startContent(
  ace: Pick<AceEngineClient, 'start'>,
  engine: EngineEndpoint,
  request: StartRequest,
): Promise<StartedContent> {
  const deadlineMs = monotonicMs() + request.timeoutMs;
  // Each call needs a new player id, because an engine lets one player id play only one content.
  const start = async (selector: SourceSelector): Promise<StartedContent> => {
    const engineSession = await ace.start(engine, selector, {
      playerId: randomUUID(),
      timeoutMs: Math.max(1, deadlineMs - monotonicMs()),
      signal: request.signal,
      onLate: request.onLate,
    });
    return { engineSession, selector };
  };
  try {
    return await start(request.selector);
  } catch (error) {
    const other = otherForm(request.selector);
    if (!isUnknownContent(error) || other === null || !request.mayTryOtherForm) throw error;
    try {
      return await start(other);
    } catch (second) {
      throw isUnknownContent(second) ? error : second;
    }
  }
}

function isUnknownContent(error: unknown): boolean {
  return error instanceof EngineFault && error.kind === 'content';
}

/** Returns the selector with the other kind of id: infohash or content id. Null if it has neither. */
export function otherForm(selector: SourceSelector): SourceSelector | null {
  switch (selector.kind) {
    case 'content_id':
      return { ...selector, kind: 'infohash' };
    case 'infohash':
      return { ...selector, kind: 'content_id' };
    case 'url':
    case 'magnet':
      return null;
  }
}
