import { Inject, Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { AceEngineClient } from '../../ace';
import { ChannelDirectory, SourceRecords } from '../../channels';
import { CONFIG, type AppConfig } from '../../config';
import { Jobs } from '../../coordination';
import { EngineHealth, EngineRegistry, EngineScheduler } from '../../engines';
import { EventBus } from '../../events';
import { SteadyWallClock } from '../../kernel/steady-wall-clock';

/** What every session works with; one object, so that sessions are made by `new` with little ceremony. */
@Injectable()
export class SessionServices {
  /** For the times that engines tell. From the start of the process on, because it is about what it said before. */
  readonly wallClock = new SteadyWallClock();

  constructor(
    @Inject(CONFIG) readonly config: AppConfig,
    readonly ace: AceEngineClient,
    readonly scheduler: EngineScheduler,
    readonly engines: EngineRegistry,
    readonly engineHealth: EngineHealth,
    readonly events: EventBus,
    readonly jobs: Jobs,
    readonly log: PinoLogger,
    readonly channels: ChannelDirectory,
    readonly sources: SourceRecords,
  ) {
    log.setContext('StreamSession');
  }
}
