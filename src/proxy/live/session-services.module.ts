import { Module } from '@nestjs/common';
import { AceModule } from '../../ace';
import { ChannelsModule } from '../../channels';
import { ContentAliases } from './content-aliases';
import { SessionServices } from './session-services';

/** What both broadcasts and files work with. Needs the global modules. */
@Module({
  imports: [AceModule, ChannelsModule],
  providers: [ContentAliases, SessionServices],
  exports: [ContentAliases, SessionServices],
})
export class SessionServicesModule {}
