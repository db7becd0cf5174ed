import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { PlaylistController } from './playlist.controller';
import { Playlists } from './playlists';
import { TunerController } from './tuner.controller';
import { XtreamController } from './xtream/xtream.controller';
import { TunerDiscovery } from './tuner-discovery';
import { TunerIdentity } from './tuner-identity';

/** The channels in the forms that players and media servers import. */
@Module({
  imports: [ChannelsModule],
  controllers: [PlaylistController, TunerController, XtreamController],
  providers: [Playlists, TunerIdentity, TunerDiscovery],
})
export class PlaylistsModule {}
