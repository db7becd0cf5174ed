export { AccessModule } from './access.module';
export { ApiKeyFileError } from './api-keys/api-key-file';
export { ApiKeys } from './api-keys/api-keys';
export { type ApiKeyScope, scopeOfMethod } from './api-keys/api-key-scope';
export { NeedsScope, SCOPE_OF_OPERATION } from './api-keys/needs-scope';
export { OwnQueryName } from './own-query-name';
export { Public, PUBLIC_OPERATION, PublicWhen } from './public';
