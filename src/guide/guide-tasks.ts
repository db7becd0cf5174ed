import { fetchGuide, type FetchResult, type FetchTask } from './fetch-guide';
import { GuideFile } from './guide-file';
import { renderGuide, type RenderTask, sourceReplaced } from './render-guide';

/** Work on guides that a thread does. */
export type GuideTask = FetchTask | RenderTask;

/** @throws as `fetchGuide` and `renderGuide` */
export async function executeGuideTask(task: GuideTask, signal: AbortSignal): Promise<FetchResult> {
  if (task.kind === 'fetch') return fetchGuide(task, signal);
  const sources: GuideFile[] = [];
  for (const { path, id } of task.sources) {
    const source = await GuideFile.read(path);
    if (source === null) continue;
    if (source.id !== id) throw sourceReplaced();
    sources.push(source);
  }
  await renderGuide(task, sources);
  return null;
}
