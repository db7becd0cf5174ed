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
  /** Budget of the at most two calls together. */
  readonly timeoutMs: number;
  readonly mayTryOtherForm: boolean;
  readonly signal: AbortSignal;
  /** Told when a call is given up while the engine may still answer it; settles when that is over. */
  readonly onLate?: (start: AbandonedStart) => void;
}

export interface StartedContent {
  readonly engineSession: EngineSession;
  /** The form that the engine knew: what to ask the next engine for. */
  readonly selector: SourceSelector;
}

/**
 * Starts a content on an engine. When the engine does not know the content, it is asked once more with the same
 * 40 digits as the other kind of id, because users often mistake one kind for the other.
 *
 * @throws EngineFault of the first call when both forms are unknown
 */
export async function startContent(
  ace: Pick<AceEngineClient, 'start'>,
  engine: EngineEndpoint,
  request: StartRequest,
): Promise<StartedContent> {
  const deadlineMs = monotonicMs() + request.timeoutMs;
  // A player id of its own for each upstream: engines let one id play one content only.
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

/** The same 40 digits read as the other kind of id; null for addresses. */
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
