import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { GuideModule } from '../guide';
import { PlaylistController } from './playlist.controller';
import { Playlists } from './playlists';
import { TunerController } from './tuner.controller';
import { TunerIdentity } from './tuner-identity';

/** The channels in the forms that players and media servers import. */
@Module({
  imports: [ChannelsModule, GuideModule],
  controllers: [PlaylistController, TunerController],
  providers: [Playlists, TunerIdentity],
})
export class PlaylistsModule {}
