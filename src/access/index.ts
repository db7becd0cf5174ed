export { AccessModule } from './access.module';
export { ApiKey } from './api-key';
export { ApiKeyFileError } from './api-key.file';
export { OwnQueryName } from './own-query-name.decorator';
export { Public, PUBLIC_OPERATION } from './public.decorator';
