export { AccessModule } from './access.module';
export { ApiKey } from './api-key';
export { ApiKeyFileError } from './api-key-file';
export { OwnQueryName } from './own-query-name';
export { Public, PUBLIC_OPERATION } from './public';
export { StreamAccess } from './stream-access';
export { listBase, streamCaller, type StreamCaller } from './stream-caller';
export { STREAM_OPERATION, StreamRoute } from './stream-route';
export type { StreamUser } from './stream-user';
