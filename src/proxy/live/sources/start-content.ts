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

export interface StartRequest {
  readonly selector: SourceSelector;
  /** Maximum time for all calls together (at most two), in ms. */
  readonly timeoutMs: number;
  readonly mayTryOtherForm: boolean;
  readonly signal: AbortSignal;
  /**
   * Called when a call is given up that the engine may still answer. `start.done` settles when the engine has finished with
   * it.
   */
  readonly onLate?: (start: AbandonedStart) => void;
}

export interface StartedContent {
  readonly engineSession: EngineSession;
  /** The selector in the form that the engine knew, to be requested from the next engine. */
  readonly selector: SourceSelector;
}

/**
 * Starts a content on an engine. If the engine does not know the content, a second call sends the same 40 digits as the
 * other kind of id, because users often mistake one kind for the other.
 *
 * @throws EngineFault of the first call if both forms are unknown
 */
export async function startContent(
  ace: Pick<AceEngineClient, 'start'>,
  engine: EngineEndpoint,
  request: StartRequest,
): Promise<StartedContent> {
  const deadlineMs = monotonicMs() + request.timeoutMs;
  // Use a new player id for each call, because an engine lets one id play only one content.
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

/** Returns the same 40 digits as the other kind of id; null for addresses. */
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
