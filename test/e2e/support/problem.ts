import type { ResponseHead } from './response-head';
import type { Viewer } from './viewer';

/** The body of an error, RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly request_id: string;
  readonly retry_after?: number;
}

/** Asserts that the viewer got a problem document with this status and code, and returns it. */
export async function expectProblem(
  viewer: Viewer,
  status: number,
  code: string,
): Promise<Problem> {
  const head = await viewer.head;
  expect(head.status).toBe(status);
  expect(head.headers['content-type']).toMatch(/^application\/problem\+json/);
  const text = await viewer.body();
  // No source path and no stack frame may be sent to clients.
  expect(text).not.toMatch(/\.[jt]s:\d+|\bat .+\(/);
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({ status, code });
  expect(problem.type).toEqual(expect.any(String));
  expect(problem.title).toEqual(expect.any(String));
  expect(problem.detail).toEqual(expect.any(String));
  expect(problem.request_id).toBe(head.headers['x-request-id']);
  expectRetryAfter(problem, head);
  return problem;
}

/** The header and the field must occur together. */
function expectRetryAfter(problem: Problem, { headers }: ResponseHead): void {
  const seconds = problem.retry_after;
  expect(headers['retry-after']).toBe(seconds === undefined ? undefined : String(seconds));
}
