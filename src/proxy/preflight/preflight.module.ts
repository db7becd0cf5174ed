import { type DynamicModule, Module } from '@nestjs/common';
import { AceModule } from '../../ace';
import { FilesModule } from '../files';
import { SourcesModule } from '../live';
import { ContentResolver } from './content-resolver';
import { Preflight } from './preflight';

/** Checks whether a content is playable. Needs the global modules of configuration and engines. */
@Module({})
export class PreflightModule {
  /** @param live module that starts the streams of deep checks */
  static forLive(live: DynamicModule): DynamicModule {
    return {
      module: PreflightModule,
      imports: [AceModule, SourcesModule, live, FilesModule],
      providers: [ContentResolver, Preflight],
      exports: [Preflight],
    };
  }
}
