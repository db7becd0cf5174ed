import { Module } from '@nestjs/common';
import { EngineDemand } from '../fleet/engine-demand.port';
import { SlotQueue } from './slot-queue';

/** The queue of slot requests. The scheduler serves it, and the fleet grows by it. */
@Module({
  providers: [SlotQueue, { provide: EngineDemand, useExisting: SlotQueue }],
  exports: [SlotQueue, EngineDemand],
})
export class SlotQueueModule {}
