import { GuideController } from './guide.controller';
import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { GuideModule } from '../guide';
import { ModifiedListController } from './modified-list.controller';
import { PlaylistController } from './playlist.controller';
import { Playlists } from './playlists';
import { Profiles } from './profiles/profiles';
import { ProfilesController } from './profiles/profiles.controller';
import { TunerController } from './tuner.controller';
import { XtreamController } from './xtream/xtream.controller';
import { TunerDiscovery } from './tuner-discovery';
import { TunerIdentity } from './tuner-identity';

/** The channels in the forms that players and media servers import. */
@Module({
  imports: [ChannelsModule, GuideModule],
  controllers: [
    PlaylistController,
    GuideController,
    ModifiedListController,
    ProfilesController,
    TunerController,
    XtreamController,
  ],
  providers: [Playlists, Profiles, TunerIdentity, TunerDiscovery],
  exports: [Profiles],
})
export class PlaylistsModule {}
