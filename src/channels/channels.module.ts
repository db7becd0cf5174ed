import { Module } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../config';
import { ChannelDirectory } from './channel.directory';
import { ChannelsController } from './http/channels.controller';
import { KeptSourceRecords } from './kept-source-records';
import { SourceRecords } from './source-records';

/** Names under which several contents are one stream, and what those contents did lately. */
@Module({
  controllers: [ChannelsController],
  providers: [
    {
      provide: ChannelDirectory,
      inject: [CONFIG],
      useFactory: (config: AppConfig) => ChannelDirectory.open(config),
    },
    { provide: SourceRecords, useFactory: () => new SourceRecords() },
    KeptSourceRecords,
  ],
  exports: [ChannelDirectory, SourceRecords],
})
export class ChannelsModule {}
