import { Module } from '@nestjs/common';
import { HealthController } from './health.controller';
import { ReadinessGate } from './readiness-gate';

/** Checks for supervisors and load balancers. */
@Module({
  controllers: [HealthController],
  providers: [ReadinessGate],
  exports: [ReadinessGate],
})
export class HealthModule {}
