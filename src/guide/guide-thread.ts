import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FetchResult } from './fetch-guide';
import { asGuideFault, GuideFault } from './guide-fault';
import type { GuideTask } from './guide-tasks';
import type { GuideAnswer } from './guide-worker';

/** Little memory for new objects, so that the memory of the thread stays small while it reads gigabytes. */
const HEAP_MB = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

/**
 * Executes a task in a thread of its own, so that neither reading nor compressing a guide delays a viewer. The thread ends
 * with the task, or when the signal aborts. A file that it has not finished stays.
 *
 * @throws GuideFault; the reason of the signal
 */
export async function runGuideTask(task: GuideTask, signal: AbortSignal): Promise<FetchResult> {
  signal.throwIfAborted();
  const worker = new Worker(join(__dirname, 'guide-worker.js'), {
    workerData: task,
    resourceLimits: HEAP_MB,
  });
  let onAbort = (): void => undefined;
  try {
    const answer = await new Promise<GuideAnswer>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      worker.once('message', resolve);
      worker.once('error', (error) => reject(asGuideFault(error)));
      worker.once('exit', () => {
        reject(new GuideFault('internal_error', 'the thread of the guide has ended too early'));
      });
    });
    if ('fault' in answer) throw new GuideFault(answer.fault.code, answer.fault.detail);
    return answer.result;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}
