import { Module } from '@nestjs/common';
import { AceModule } from '../../../ace';
import { ChannelsModule } from '../../../channels';
import { ContentAliases } from '../content-aliases';
import { StreamReporters } from '../stream-reporter';
import { EngineSources } from './engine-sources';
import { SourceRotations } from './source-rotation';

const SHARED = [ContentAliases, EngineSources, SourceRotations, StreamReporters];

/**
 * What live streams and file playbacks share: the aliases of contents, the access to engines, the source rotations and
 * the stream reporters. Needs the global modules.
 */
@Module({ imports: [AceModule, ChannelsModule], providers: SHARED, exports: SHARED })
export class SourcesModule {}
