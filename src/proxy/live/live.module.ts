import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { SteadyWallClock } from '../../kernel/steady-wall-clock';
import { StreamsModule } from '../streams';
import { BacklogScheduler } from '../viewers';
import { LiveStreams } from './live-streams';
import { SourcesModule } from './sources/sources.module';
import { UploadWatch } from './uploads/upload-watch';

/** Live streams. Needs the global modules. */
@Module({})
export class LiveModule {
  /** @param files provides `FileHost`, which takes over contents that turn out to be files */
  static forFiles(files: Type): DynamicModule {
    return {
      module: LiveModule,
      imports: [StreamsModule, SourcesModule, files],
      providers: [BacklogScheduler, LiveStreams, SteadyWallClock, UploadWatch],
      exports: [LiveStreams],
    };
  }
}
