import { Global, Module } from '@nestjs/common';
import { EventBus } from './event-bus';
import { EventLog } from './event-log';
import { EventsController } from './events.controller';

/** Events of every module: the event bus, a bounded log of its events, and the list for operators. */
@Global()
@Module({
  controllers: [EventsController],
  providers: [EventBus, EventLog],
  exports: [EventBus, EventLog],
})
export class EventsModule {}
