export { CoordinationModule } from './coordination.module';
export { DelayedTasks } from './delayed-tasks.port';
export { ScheduledDelayedTasks } from './scheduled-delayed-tasks';
