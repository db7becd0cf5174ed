import { Module } from '@nestjs/common';
import { EnginesModule } from '../engines';
import { HealthController } from './health.controller';
import { ReadinessGate } from './readiness.gate';

/** What supervisors and load balancers ask. */
@Module({
  imports: [EnginesModule],
  controllers: [HealthController],
  providers: [ReadinessGate],
  exports: [ReadinessGate],
})
export class HealthModule {}
