import type { FetchResult } from '../fetch-guide';
import { asGuideFault } from '../guide-fault';
import { executeGuideTask, type GuideTask } from '../guide-tasks';

/**
 * Replaces `guide-thread.ts` in unit tests, which have no compiled program for a thread: the same work in the thread of
 * the test.
 */
export async function runGuideTask(task: GuideTask, signal: AbortSignal): Promise<FetchResult> {
  try {
    return await executeGuideTask(structuredClone(task), signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : asGuideFault(error);
  }
}
