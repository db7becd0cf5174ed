export { selectorOf, type Channel, type ChannelSource } from './channel';
export { ChannelDirectory, ChannelFileError, type ListedChannel } from './channel-directory';
export { ChannelLiveness } from './channel-liveness';
export { ChannelsModule } from './channels.module';
export { type AceAddress, readAceAddress } from './import/ace-address';
export { MAX_LIST_BYTES, readListLines } from './import/list-lines';
export { playlistText } from './playlist-text';
export {
  CHECK_OUTCOMES,
  type CheckOutcome,
  type CheckResult,
  type SourceMedia,
} from './source-ranking';
export { sourceKey, type SourceId, SourceRecords } from './source-records';
