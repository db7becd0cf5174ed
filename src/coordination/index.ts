export { CoordinationModule } from './coordination.module';
export { DataDirInUseError, DataDirLock } from './data-dir.lock';
export { DelayedTasks } from './delayed-tasks.port';
export { ScheduledDelayedTasks } from './scheduled-delayed-tasks';
