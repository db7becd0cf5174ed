import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { GuideModule } from '../guide';
import { ModifiedListController } from './modified-list.controller';
import { PlaylistController } from './playlist.controller';
import { Playlists } from './playlists';
import { Profiles } from './profiles/profiles';
import { ProfilesController } from './profiles/profiles.controller';
import { TunerController } from './tuner.controller';
import { TunerIdentity } from './tuner-identity';

/** The channels in the forms that players and media servers import. */
@Module({
  imports: [ChannelsModule, GuideModule],
  controllers: [PlaylistController, ModifiedListController, ProfilesController, TunerController],
  providers: [Playlists, Profiles, TunerIdentity],
  exports: [Profiles],
})
export class PlaylistsModule {}
