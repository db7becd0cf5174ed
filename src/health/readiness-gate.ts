import { Injectable } from '@nestjs/common';
import { Jobs, type JobTrouble } from '../coordination';
import { EngineRegistry, EngineSupply } from '../engines';
import { DataFolder, type StorageTrouble } from '../storage';
import { type UnreadyReason } from './unready-reason';

/**
 * Tells whether new viewers can be served. Liveness does not depend on it, because a restart would not create engines
 * for a process that has none.
 */
@Injectable()
export class ReadinessGate {
  private shuttingDown = false;

  constructor(
    private readonly engines: EngineRegistry,
    private readonly supply: EngineSupply,
    private readonly folder: DataFolder,
    private readonly jobs: Jobs,
  ) {}

  /** Makes this process not ready until it ends. This is the first step of a shutdown. */
  closeForShutdown(): void {
    this.shuttingDown = true;
  }

  /** Problems that do not prevent new viewers from being served. */
  degradations(): (StorageTrouble | JobTrouble)[] {
    const jobs = this.jobs.trouble();
    return jobs === null ? this.folder.troubles() : [...this.folder.troubles(), jobs];
  }

  /** Reasons why new viewers cannot be served; none if ready. */
  reasons(): UnreadyReason[] {
    const engines = this.engines.list();
    const isServed = engines.some(({ state }) => state === 'healthy' || state === 'suspect');
    const reasons: UnreadyReason[] = [];
    if (this.shuttingDown) reasons.push('shutting_down');
    // A fleet that is scaled to zero needs a first viewer to start.
    if (engines.length === 0 && this.supply.isAsleep) return reasons;
    if (engines.length === 0) reasons.push('engines_unknown');
    else if (!isServed) reasons.push('no_usable_engine');
    return reasons;
  }
}
