export { LogOutput } from './log-output';
export { createLogOutput, type LogConfig, logForm } from './log-stream';
export { LoggingModule } from './logging.module';
export { printable } from './printable';
export { ProgramLogger } from './program-logger';
