import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { ProxyModule } from '../proxy';
import { Checker } from './checker';
import { ChecksController } from './http/checks.controller';

/** Checks of the sources of channels. Needs the global modules. */
@Module({
  imports: [ChannelsModule, ProxyModule],
  controllers: [ChecksController],
  providers: [Checker],
})
export class CheckerModule {}
