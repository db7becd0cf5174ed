export { CoordinationModule } from './coordination.module';
export { DataDirInUseError, DataDirLock } from './data-dir.lock';
export { makeFolder, obtainKeptText, replaceKeptText } from './kept-file';
export { KeptList } from './kept-list';
export { DelayedTasks } from './delayed-tasks.port';
export { ScheduledDelayedTasks } from './scheduled-delayed-tasks';
