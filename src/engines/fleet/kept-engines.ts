import { Logger } from '@nestjs/common';
import type { EngineRuntime, ForeignEngines, ObservedEngine } from '../drivers/engine-runtime.port';
import type { EnginesConfig } from '../engines.config';

/**
 * Tells the operator what outlives a process: at its end the engines that go on, and at its start those that other
 * installations left, or still use.
 */
export class KeptEngines {
  private readonly logger = new Logger('Fleet');
  private areForeignTold = false;

  constructor(
    private readonly runtime: EngineRuntime,
    private readonly config: Pick<EnginesConfig, 'enginesOnShutdown'>,
  ) {}

  /** Engines may outlive a process, and shall. */
  get areLeft(): boolean {
    return this.runtime.removal !== null && this.config.enginesOnShutdown !== 'remove';
  }

  /**
   * One line on what goes on when this process ends; null when nothing does.
   *
   * @param seen null when the runtime has never told
   */
  farewell(seen: readonly ObservedEngine[] | null): string | null {
    const { removal } = this.runtime;
    if (!this.areLeft) return null;
    if (seen === null) {
      return `engines of this installation, if there are any, keep running; remove them with: ${removal}`;
    }
    const count = seen.filter(({ phase }) => phase === 'running' || phase === 'paused').length;
    if (count === 0) return null;
    const [what, them] = count === 1 ? ['1 engine keeps', 'it'] : [`${count} engines keep`, 'them'];
    return `${what} running; set ENGINES_ON_SHUTDOWN=remove to remove ${them} at the end, or remove ${them} now with: ${removal}`;
  }

  /** Once. Never rejects; what could not be found out is asked for again by the next call. */
  async tellForeign(): Promise<void> {
    if (this.areForeignTold) return;
    try {
      for (const one of await this.runtime.foreignEngines()) this.logger.warn(noticeOf(one));
      this.areForeignTold = true;
    } catch (error) {
      this.logger.debug(`engines of other installations are not known: ${String(error)}`);
    }
  }
}

function noticeOf({ count, areRunning, removal }: ForeignEngines): string {
  const [what, them] = count === 1 ? ['1 engine', 'it'] : [`${count} engines`, 'them'];
  const [runs, is] = count === 1 ? ['runs', 'is left'] : ['run', 'are left'];
  return `${what} of another installation ${areRunning ? runs : is} here (it may be in use); remove ${them} with: ${removal}`;
}
