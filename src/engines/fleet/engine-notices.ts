import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG } from '../../config';
import {
  EngineRuntime,
  type ForeignEngines,
  type ObservedEngine,
} from '../drivers/engine-runtime.port';
import type { EnginesConfig } from '../engines-config';

/**
 * Tells the operator about engines that outlive a process: when acefleet ends, about its engines that keep running;
 * when it starts, about engines of other installations.
 */
@Injectable()
export class EngineNotices {
  private readonly logger = new Logger('Fleet');
  private haveWarned = false;

  constructor(
    private readonly runtime: EngineRuntime,
    @Inject(CONFIG) private readonly config: Pick<EnginesConfig, 'enginesOnShutdown'>,
  ) {}

  /** True if engines can outlive this process, and ENGINES_ON_SHUTDOWN keeps them. */
  get areEnginesKept(): boolean {
    return this.runtime.removal !== null && this.config.enginesOnShutdown !== 'remove';
  }

  /**
   * Returns one line about the engines that keep running when this process ends; null if there is none.
   *
   * @param engines null when no listing has succeeded
   */
  farewell(engines: readonly ObservedEngine[] | null): string | null {
    const { removal } = this.runtime;
    if (!this.areEnginesKept) return null;
    if (engines === null) {
      return `engines of this installation, if there are any, keep running; remove them with: ${removal}`;
    }
    const count = engines.filter(({ phase }) => phase === 'running' || phase === 'paused').length;
    if (count === 0) return null;
    const [subject, them] =
      count === 1 ? ['1 engine keeps', 'it'] : [`${count} engines keep`, 'them'];
    return `${subject} running; set ENGINES_ON_SHUTDOWN=remove to remove ${them} at the end, or remove ${them} now with: ${removal}`;
  }

  /**
   * Logs one warning for each other installation, once. Never rejects; if the runtime does not answer, the next call
   * tries again.
   */
  async warnAboutForeignEngines(): Promise<void> {
    if (this.haveWarned) return;
    try {
      for (const foreign of await this.runtime.foreignEngines()) {
        this.logger.warn(noticeOf(foreign));
      }
      this.haveWarned = true;
    } catch (error) {
      this.logger.debug(`engines of other installations could not be listed: ${String(error)}`);
    }
  }
}

function noticeOf({ count, areRunning, removal }: ForeignEngines): string {
  const [subject, them] = count === 1 ? ['1 engine', 'it'] : [`${count} engines`, 'them'];
  const [runs, is] = count === 1 ? ['runs', 'is left'] : ['run', 'are left'];
  return `${subject} of another installation ${areRunning ? runs : is} here (it may be in use); remove ${them} with: ${removal}`;
}
