import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { StreamsModule } from '../streams';
import { BacklogScheduler } from '../viewers';
import { LiveStreams } from './live-streams';
import { SessionServicesModule } from './session-services.module';

/** Broadcasts. Needs the global module of configuration. */
@Module({})
export class LiveModule {
  /** @param files provides `RecordingHost`, which takes over contents that turn out to be files */
  static forFiles(files: Type): DynamicModule {
    return {
      module: LiveModule,
      imports: [StreamsModule, SessionServicesModule, files],
      providers: [BacklogScheduler, LiveStreams],
      exports: [LiveStreams],
    };
  }
}
