export { HealthModule } from './health.module';
export { ReadinessGate } from './readiness-gate';
export { type UnreadyReason } from './unready-reason';
