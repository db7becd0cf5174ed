export { AtomicFile, type AtomicFileOptions, NewerSchemaError } from './atomic-file';
export { DataFolder } from './data-folder';
export { makeFolder } from './file-writes';
export { InstanceIdError, isInstanceId, obtainInstanceId } from './instance-id';
export { PersistentList, type PersistentListOptions } from './persistent-list';
export { StorageModule } from './storage.module';
export { STORAGE_REASONS, type StorageReason, type StorageTrouble } from './storage-trouble';
