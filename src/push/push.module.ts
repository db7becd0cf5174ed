import { Module } from '@nestjs/common';
import { CheckerModule } from '../checker';
import { ProxyModule } from '../proxy';
import { PushController } from './push.controller';
import { PushHub } from './push-hub';
import { PushState } from './push-state';

/** The event stream: state, changes and events, pushed to browsers and programs. Needs the global modules. */
@Module({
  imports: [ProxyModule, CheckerModule],
  controllers: [PushController],
  providers: [PushHub, PushState],
  exports: [PushHub],
})
export class PushModule {}
