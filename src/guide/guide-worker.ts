import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { fetchGuide, type FetchResult, type FetchTask } from './fetch-guide';
import { asGuideFault, type GuideFaultCode } from './guide-fault';
import { GuideFile } from './guide-file';
import { renderGuide, type RenderTask } from './render-guide';

export type GuideTask = FetchTask | RenderTask;

export type GuideAnswer =
  | { readonly result: FetchResult }
  | { readonly fault: { readonly code: GuideFaultCode; readonly detail: string } };

async function execute(task: GuideTask): Promise<FetchResult> {
  if (task.kind === 'fetch') return fetchGuide(task, new AbortController().signal);
  const sources = await Promise.all(task.sources.map((path) => GuideFile.read(path)));
  await renderGuide(
    task,
    sources.filter((source) => source !== null),
  );
  return null;
}

// On Linux this is the priority of this thread alone: viewers get the processor first.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

void execute(workerData as GuideTask)
  .then(
    (result): GuideAnswer => ({ result }),
    (error: unknown): GuideAnswer => {
      const { code, detail } = asGuideFault(error);
      return { fault: { code, detail } };
    },
  )
  .then((answer) => parentPort?.postMessage(answer));
