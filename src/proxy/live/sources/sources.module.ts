import { Module } from '@nestjs/common';
import { AceModule } from '../../../ace';
import { ChannelsModule } from '../../../channels';
import { ContentAliases } from '../content-aliases';
import { StreamReporters } from '../stream-reporter';
import { EngineSources } from './engine-sources';
import { SourceRotations } from './source-rotation';

const SHARED = [ContentAliases, EngineSources, SourceRotations, StreamReporters];

/** Sources of broadcasts and of files, and what both report and remember. Needs the global modules. */
@Module({ imports: [AceModule, ChannelsModule], providers: SHARED, exports: SHARED })
export class SourcesModule {}
