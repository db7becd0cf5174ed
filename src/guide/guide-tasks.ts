import { fetchGuide, type FetchResult, type FetchTask } from './fetch-guide';
import { GuideFile } from './guide-file';
import { renderGuide, type RenderTask } from './render-guide';

/** Work on guides that a thread does. */
export type GuideTask = FetchTask | RenderTask;

/** @throws as `fetchGuide` and `renderGuide` */
export async function executeGuideTask(task: GuideTask, signal: AbortSignal): Promise<FetchResult> {
  if (task.kind === 'fetch') return fetchGuide(task, signal);
  const sources = await Promise.all(task.sources.map((path) => GuideFile.read(path)));
  await renderGuide(
    task,
    sources.filter((source) => source !== null),
  );
  return null;
}
