import { Inject, Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { AceEngineClient } from '../../ace';
import { CONFIG, type AppConfig } from '../../config';
import { DelayedTasks } from '../../coordination';
import { EngineAllocator } from '../../engines';
import { EventBus } from '../../events';

/** What every session works with; one object, so that sessions are made by `new` with little ceremony. */
@Injectable()
export class SessionServices {
  constructor(
    @Inject(CONFIG) readonly config: AppConfig,
    readonly ace: AceEngineClient,
    readonly engines: EngineAllocator,
    readonly events: EventBus,
    readonly delayed: DelayedTasks,
    readonly log: PinoLogger,
  ) {
    log.setContext('StreamSession');
  }
}
