export type { AbandonedStart } from './late-starts';
export { AceEngineClient } from './ace-engine-client';
export { AceModule } from './ace.module';
export { sendRequest, readText } from './http-request';
export type { FilePart } from './media-opener';
export { ACE_TIMINGS, type AceTimings } from './ace-timings';
export {
  EngineFault,
  type ContentResolution,
  type EngineEndpoint,
  type EngineFaultKind,
  type EngineLivePosition,
  type EngineProbe,
  type EngineSession,
  type EngineSettings,
  type EngineStat,
} from './ace.types';
