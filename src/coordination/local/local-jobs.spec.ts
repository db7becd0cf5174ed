import { SchedulerRegistry } from '@nestjs/schedule';
import { describeJobs } from '../testing/jobs-contract.spec-support';
import { LocalJobs } from './local-jobs';

describeJobs('LocalJobs', (handlers) => {
  const timers = new SchedulerRegistry();
  const jobs = new LocalJobs(timers, handlers);
  return Promise.resolve({
    jobs,
    settled: () => Promise.resolve(),
    close: async () => {
      await jobs.onModuleDestroy();
      expect([...timers.getTimeouts(), ...timers.getIntervals()]).toEqual([]);
    },
  });
});
