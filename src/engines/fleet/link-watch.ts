import { Logger } from '@nestjs/common';
import type { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import type { EngineRuntime, RuntimeLinkState } from '../drivers/engine-runtime.port';

/** Whether the runtime can be asked: by its own word, and by whether the last look succeeded. */
export class LinkWatch {
  private readonly logger = new Logger('Fleet');
  private told: RuntimeLinkState = 'connecting';
  private downSince: number | null = monotonicMs();

  constructor(
    private readonly runtime: EngineRuntime,
    private readonly events: EventBus,
  ) {}

  /** False: what is to be done with engines waits. */
  get isUp(): boolean {
    return this.downSince === null;
  }

  /** How long it could not be asked; 0 when it can. */
  get downMs(): number {
    return this.downSince === null ? 0 : monotonicMs() - this.downSince;
  }

  looked(hasSucceeded: boolean): void {
    this.downSince = hasSucceeded ? null : (this.downSince ?? monotonicMs());
    this.follow();
  }

  /** Tells when the runtime's own word has become another. */
  follow(): void {
    const { state, reason } = this.runtime.link;
    if (state === this.told) return;
    this.told = state;
    const line = `${this.runtime.kind}: ${state}${reason === null ? '' : ` (${reason})`}`;
    if (state === 'lost') this.logger.warn(line);
    else this.logger.log(line);
    this.events.publish('runtime_link_changed', { state, reason });
  }
}
