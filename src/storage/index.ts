export { ApiKeyStore, type StoredApiKey } from './api-key-store';
export { AtomicFile, type AtomicFileOptions, NewerSchemaError } from './atomic-file';
export { BackupError, restoreBackup, writeBackup } from './backup';
export { BrowserSessionStore, type StoredBrowserSession } from './browser-session-store';
export { ChannelImportStore, type StoredImport } from './channel-import-store';
export { ChannelStore, type StoredListing } from './channel-store';
export { DataFolder } from './data-folder';
export { DataFolderError } from './data-folder-error';
export { type EventCounts, type EventFilter, EventStore, type StoredEvent } from './event-store';
export { ExternalEngineStore, type StoredEngine } from './external-engine-store';
export { makeFolder } from './file-writes';
export { GuideSourceStore, type StoredGuideSource } from './guide-source-store';
export {
  HISTORY_OUTCOMES,
  HistoryStore,
  type HistoryBatch,
  type HistoryOutcome,
  type SeriesPoint,
  type StartTotals,
  type StoredBucket,
  type StoredStream,
  type StreamCursor,
  type StreamFilter,
  SUBJECT_ORDER_NAMES,
  type SubjectOrder,
  type SubjectTotals,
} from './history-store';
export { OpenSessionStore, type StoredSession } from './open-session-store';
export type { EarlierFile } from './earlier-file';
export { InstanceIdError, isInstanceId, obtainInstanceId } from './instance-id';
export { PersistentList, type PersistentListOptions } from './persistent-list';
export { SecretSeal } from './secret-seal';
export { SettingStore } from './setting-store';
export { ProfileStore, type StoredProfile } from './profile-store';
export { SmallValues } from './small-values';
export { SourceRecordStore } from './source-record-store';
export { StorageModule } from './storage.module';
export { STORAGE_REASONS, type StorageReason, type StorageTrouble } from './storage-trouble';
export { StreamUserStore, type StoredStreamUser } from './stream-user-store';
