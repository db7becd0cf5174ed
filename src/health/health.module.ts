import { Module } from '@nestjs/common';
import { HealthController } from './health.controller';
import { ReadinessGate } from './readiness-gate';

/** What supervisors and load balancers ask. */
@Module({
  controllers: [HealthController],
  providers: [ReadinessGate],
  exports: [ReadinessGate],
})
export class HealthModule {}
