import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { GuidePrograms } from './guide-programs';
import { GuideRefresher } from './guide-refresher';
import { GuideSources } from './guide-sources';
import { GuideSourcesController } from './http/guide-sources.controller';
import { RenderedGuides } from './rendered-guides';

/** The programme guide of the channels, from sources on the network. */
@Module({
  imports: [ChannelsModule],
  controllers: [GuideSourcesController],
  providers: [GuideSources, GuideRefresher, RenderedGuides, GuidePrograms],
  exports: [GuideSources, RenderedGuides, GuidePrograms],
})
export class GuideModule {}
