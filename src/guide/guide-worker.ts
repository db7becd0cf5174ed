import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { FetchResult } from './fetch-guide';
import { asGuideFault, type GuideFaultCode } from './guide-fault';
import { executeGuideTask, type GuideTask } from './guide-tasks';

/** The message at the end of the task. */
export type GuideAnswer =
  | { readonly result: FetchResult }
  | { readonly fault: { readonly code: GuideFaultCode; readonly detail: string } };

/** The program of a thread that executes one task and ends. Terminating the thread cancels the task. */
// On Linux this is the priority of this thread alone: viewers get the processor first.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

void executeGuideTask(workerData as GuideTask, new AbortController().signal)
  .then(
    (result): GuideAnswer => ({ result }),
    (error: unknown): GuideAnswer => {
      const { code, detail } = asGuideFault(error);
      return { fault: { code, detail } };
    },
  )
  .then((answer) => parentPort?.postMessage(answer));
