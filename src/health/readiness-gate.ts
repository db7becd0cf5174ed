import { Injectable } from '@nestjs/common';
import { Jobs, type JobTrouble } from '../coordination';
import { EngineRegistry, EngineSupply } from '../engines';
import { DataFolder, type StorageTrouble } from '../storage';
import { type UnreadyReason } from './unready-reason';

/**
 * Whether new viewers can be served. Liveness does not depend on it, because restarting a process without engines
 * would not create engines.
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

  /** From now on not ready, for ever. This is the first step of a shutdown. */
  closeForShutdown(): void {
    this.shuttingDown = true;
  }

  /** Problems that do not prevent new viewers from being served. */
  degradations(): (StorageTrouble | JobTrouble)[] {
    const jobs = this.jobs.trouble();
    return jobs === null ? this.folder.troubles() : [...this.folder.troubles(), jobs];
  }

  /** Empty if ready. */
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
