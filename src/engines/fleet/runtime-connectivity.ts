import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import { EngineRuntime, type RuntimeLinkState } from '../drivers/engine-runtime.port';

/**
 * Tells whether the runtime answers, judged by its listings. Also publishes changes of the runtime's own link state.
 */
@Injectable()
export class RuntimeConnectivity {
  private readonly logger = new Logger('Fleet');
  private published: RuntimeLinkState = 'connecting';
  private downSince: number | null = monotonicMs();

  constructor(
    private readonly runtime: EngineRuntime,
    private readonly events: EventBus,
  ) {}

  /** True if the last listing succeeded. While it is false, the fleet creates, removes and unpauses no engine. */
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
