import { Module } from '@nestjs/common';
import { EngineDemand } from '../fleet/engine-demand.port';
import { SlotQueue } from './slot-queue';

/**
 * The queue of slot requests. The scheduler serves it, and the fleet creates engines for requests that no existing
 * slot will serve.
 */
@Module({
  providers: [SlotQueue, { provide: EngineDemand, useExisting: SlotQueue }],
  exports: [SlotQueue, EngineDemand],
})
export class SlotQueueModule {}
