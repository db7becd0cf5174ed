import { Global, Module } from '@nestjs/common';
import { DataFolder, EventStore } from '../storage';
import { EventBus } from './event-bus';
import { EventLog } from './event-log';
import { EventsController } from './events.controller';

/** Events of every module: the event bus, the log of its events, and the list for operators. */
@Global()
@Module({
  controllers: [EventsController],
  providers: [
    {
      provide: EventStore,
      inject: [DataFolder],
      useFactory: (folder: DataFolder) => new EventStore(folder),
    },
    {
      provide: EventBus,
      inject: [EventStore],
      useFactory: async (store: EventStore) => new EventBus(await store.reserveIds()),
    },
    EventLog,
  ],
  exports: [EventBus, EventLog],
})
export class EventsModule {}
