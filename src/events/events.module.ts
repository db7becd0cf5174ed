import { Global, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { DataFolder, EventStore } from '../storage';
import { AdminActions } from './admin-actions';
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
    { provide: APP_INTERCEPTOR, useClass: AdminActions },
  ],
  exports: [EventBus, EventLog],
})
export class EventsModule {}
