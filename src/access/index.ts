export { AccessModule } from './access.module';
export { ApiKey } from './api-key';
export { ApiKeyFileError } from './api-key-file';
export { OwnQueryName } from './own-query-name';
export { Public, PUBLIC_OPERATION } from './public';
