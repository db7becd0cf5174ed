import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import { EngineRuntime, type RuntimeLinkState } from '../drivers/engine-runtime.port';

/** Whether the runtime answers: by its own link state, and by whether the last listing succeeded. */
@Injectable()
export class RuntimeConnectivity {
  private readonly logger = new Logger('Fleet');
  private published: RuntimeLinkState = 'connecting';
  private downSince: number | null = monotonicMs();

  constructor(
    private readonly runtime: EngineRuntime,
    private readonly events: EventBus,
  ) {}

  /** False: operations on engines wait. */
  get isUp(): boolean {
    return this.downSince === null;
  }

  /** How long the runtime has not answered; 0 when it answers. */
  get downMs(): number {
    return this.downSince === null ? 0 : monotonicMs() - this.downSince;
  }

  recordListing(hasSucceeded: boolean): void {
    this.downSince = hasSucceeded ? null : (this.downSince ?? monotonicMs());
    this.publishChange();
  }

  /** Logs and publishes the runtime's own link state when it has changed. */
  publishChange(): void {
    const { state, reason } = this.runtime.link;
    if (state === this.published) return;
    this.published = state;
    const line = `${this.runtime.kind}: ${state}${reason === null ? '' : ` (${reason})`}`;
    if (state === 'lost') this.logger.warn(line);
    else this.logger.log(line);
    this.events.publish('runtime_link_changed', { state, reason });
  }
}
