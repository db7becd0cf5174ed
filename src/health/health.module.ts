import { Module } from '@nestjs/common';
import { HealthMetrics } from './health-metrics';
import { HealthController } from './health.controller';
import { ReadinessGate } from './readiness-gate';

/** Checks for supervisors and load balancers. */
@Module({
  controllers: [HealthController],
  providers: [ReadinessGate, HealthMetrics],
  exports: [ReadinessGate],
})
export class HealthModule {}
