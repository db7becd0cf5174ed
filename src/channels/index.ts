export { selectorOf, type Channel, type ChannelSource } from './channel';
export { ChannelDirectory, ChannelFileError, type ListedChannel } from './channel-directory';
export { ChannelsModule } from './channels.module';
export { type AceAddress, readAceAddress } from './import/ace-address';
export { MAX_LIST_BYTES, readListLines } from './import/list-lines';
export { SourceRecords } from './source-records';
