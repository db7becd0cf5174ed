export { selectorOf, type Channel, type ChannelSource } from './channel';
export { ChannelDirectory, ChannelFileError, type ListedChannel } from './channel-directory';
export { ChannelsModule } from './channels.module';
export { playlistText } from './playlist-text';
export { SourceRecords } from './source-records';
