import { Global, Module } from '@nestjs/common';
import { EventBus } from './event-bus';
import { EventLog } from './event-log';
import { EventsController } from './events.controller';

/** Facts from every room: one bus, a bounded log of what went over it, and its list for operators. */
@Global()
@Module({
  controllers: [EventsController],
  providers: [EventBus, EventLog],
  exports: [EventBus, EventLog],
})
export class EventsModule {}
