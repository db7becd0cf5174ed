import type { Writable } from 'node:stream';

/** `gone`: the viewer hung up; `paused`: it has not taken the last bytes for too long. */
export type AnswerEnd = 'finished' | 'gone' | 'paused';

/** Ends the answer and waits until the kernel has all of it: a viewer who pauses on the last bytes is waited for as in the midst. */
export function endAnswer(
  sink: Writable,
  pauseMs: number,
  signal: AbortSignal,
): Promise<AnswerEnd> {
  return new Promise((resolve) => {
    const settle = (end: AnswerEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(end);
    };
    const onAbort = (): void => settle('gone');
    const timer = setTimeout(() => settle('paused'), pauseMs);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) settle('gone');
    else sink.end(() => settle('finished'));
  });
}
