export { Child, type Exit } from './child';
export { newContentId, streamPath } from './contents';
export { type Answer, call } from './json-http';
export { openFarHost, whyNoFarHost, type FarHost } from './netns';
export {
  API_KEY,
  NO_DOCKER,
  Product,
  startProduct,
  type LogLine,
  type ProductOptions,
  type User,
} from './product';
export { type ResponseHead } from './response-head';
export { onScopeEnd, scoped } from './scope';
export { Simulator, startSimulator, type SimulatorOptions } from './simulator';
export { StreamAudit } from './stream-audit';
export { NULL_PID, PACKET_BYTES, PAT_PID, SIM_PIDS } from './ts-packet';
export { type ViewerOptions } from './player-request';
export { openViewer, Viewer, type Ending } from './viewer';
export { eventually, freePort } from './wait';
export { expectProblem, type Problem } from './problem';
