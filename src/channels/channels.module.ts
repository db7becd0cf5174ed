import { Module } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../config';
import { DataFolder } from '../storage';
import { ChannelDirectory } from './channel-directory';
import { ChannelLiveness } from './channel-liveness';
import { ChannelsController } from './http/channels.controller';
import { ImportsController } from './http/imports.controller';
import { ChannelImports } from './import/channel-imports';
import { PersistentSourceRecords } from './persistent-source-records';
import { SourceRecords } from './source-records';

/** Channels, under which several contents are one stream, their imports, and the recent results of those contents. */
@Module({
  controllers: [ImportsController, ChannelsController],
  providers: [
    {
      provide: ChannelDirectory,
      inject: [CONFIG, DataFolder],
      useFactory: ({ channelsFile }: AppConfig, folder: DataFolder) =>
        ChannelDirectory.open(channelsFile, folder),
    },
    { provide: SourceRecords, useFactory: () => new SourceRecords() },
    PersistentSourceRecords,
    ChannelLiveness,
    ChannelImports,
  ],
  exports: [ChannelDirectory, SourceRecords, ChannelLiveness],
})
export class ChannelsModule {}
