import { Inject, Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { AceEngineClient } from '../../ace';
import { ChannelDirectory, SourceRecords } from '../../channels';
import { CONFIG, type AppConfig } from '../../config';
import { Jobs } from '../../coordination';
import { EngineAllocator } from '../../engines';
import { EventBus } from '../../events';
import { SteadyWallClock } from '../../kernel/steady-wall-clock';
import { StartGate } from './starts/start-gate';

/** Share of the start budget after which a start gives way: cold starts of living channels take 10 to 25 s of 60. */
const PATIENCE_SHARE = 0.5;

/** What every session works with; one object, so that sessions are made by `new` with little ceremony. */
@Injectable()
export class SessionServices {
  /** Every start of every session goes through it. */
  readonly starts: StartGate;
  /** For the times that engines tell. From the start of the process on, because it is about what it said before. */
  readonly wallClock = new SteadyWallClock();

  constructor(
    @Inject(CONFIG) readonly config: AppConfig,
    readonly ace: AceEngineClient,
    readonly engines: EngineAllocator,
    readonly events: EventBus,
    readonly jobs: Jobs,
    readonly log: PinoLogger,
    readonly channels: ChannelDirectory,
    readonly sources: SourceRecords,
  ) {
    log.setContext('StreamSession');
    this.starts = new StartGate({
      perEngine: config.proxyStartsPerEngine,
      total: config.proxyStartsTotal,
      patienceMs: config.proxyInitTimeoutMs * PATIENCE_SHARE,
    });
    // Somebody waits for those starts: whoever has a slot that nobody watches is asked before them.
    engines.onCapacityNeeded((excluded) => this.starts.makeRoomForNewcomer(excluded), true);
    this.starts.onOverdue(() => engines.reconsider());
  }
}
