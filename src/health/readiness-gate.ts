import { Injectable } from '@nestjs/common';
import { Jobs, type JobTrouble } from '../coordination';
import { EngineRegistry, EngineSupply } from '../engines';
import { DataFolder, type StorageTrouble } from '../storage';
import { type UnreadyReason } from './unready-reason';

/**
 * Whether new viewers can be served. Liveness does not depend on it: a program without engines lives, and restarting
 * it would bring none.
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

  /** From now on not ready, for good: the first thing that happens when the program is told to end. */
  closeForShutdown(): void {
    this.shuttingDown = true;
  }

  /** What is wrong although new viewers can be served. */
  degradations(): (StorageTrouble | JobTrouble)[] {
    const jobs = this.jobs.trouble();
    return jobs === null ? this.folder.troubles() : [...this.folder.troubles(), jobs];
  }

  /** Empty when ready. */
  reasons(): UnreadyReason[] {
    const engines = this.engines.list();
    const isServed = engines.some(({ state }) => state === 'healthy' || state === 'suspect');
    const reasons: UnreadyReason[] = [];
    if (this.shuttingDown) reasons.push('shutting_down');
    // A fleet that sleeps until the first viewer comes must be sent one.
    if (engines.length === 0 && this.supply.isAsleep) return reasons;
    if (engines.length === 0) reasons.push('engines_unknown');
    else if (!isServed) reasons.push('no_usable_engine');
    return reasons;
  }
}
