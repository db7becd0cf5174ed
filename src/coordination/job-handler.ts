import { SetMetadata } from '@nestjs/common';
import type { JobName, JobTable } from './job-table';

export const JOB_HANDLER = 'acefleet:job-handler';

/** Executes a job. `signal` is aborted when the process ends. */
export type JobHandlerMethod<Name extends JobName> = (
  data: JobTable[Name],
  signal: AbortSignal,
) => void | Promise<void>;

/** Marks the method of a provider that executes the jobs of this name. */
export function JobHandler<Name extends JobName>(name: Name) {
  return <Method extends JobHandlerMethod<Name>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    SetMetadata(JOB_HANDLER, name)(target, key, descriptor);
  };
}
