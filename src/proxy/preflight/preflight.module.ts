import { type DynamicModule, Module } from '@nestjs/common';
import { AceModule } from '../../ace';
import { FilesModule } from '../files';
import { SourcesModule } from '../live';
import { ContentResolver } from './content-resolver';
import { Preflight } from './preflight';

/** Whether a content is playable. Needs the global modules of configuration and engines. */
@Module({})
export class PreflightModule {
  /** @param live starts the broadcasts that a deep check looks at */
  static forLive(live: DynamicModule): DynamicModule {
    return {
      module: PreflightModule,
      imports: [AceModule, SourcesModule, live, FilesModule],
      providers: [ContentResolver, Preflight],
      exports: [Preflight],
    };
  }
}
