import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { ProxyModule } from '../proxy';
import { Checker } from './checker';
import { ChecksController } from './http/checks.controller';

/** Checks of the sources of channels. Needs the global modules. */
@Module({
  imports: [ChannelsModule, ProxyModule],
  controllers: [ChecksController],
  // The controller is also a provider, so that the event stream shows the same as the API.
  providers: [Checker, ChecksController],
  exports: [ChecksController],
})
export class CheckerModule {}
