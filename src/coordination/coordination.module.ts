import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { DelayedTasks } from './delayed-tasks.port';
import { ScheduledDelayedTasks } from './scheduled-delayed-tasks';

/** Who owns what, and what is due later: for a single instance, in this process. */
@Module({
  imports: [ScheduleModule.forRoot()],
  providers: [{ provide: DelayedTasks, useClass: ScheduledDelayedTasks }],
  exports: [DelayedTasks],
})
export class CoordinationModule {}
