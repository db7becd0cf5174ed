export { PlaylistsModule } from './playlists.module';
export { channelsOf, type Profile, profilePath } from './profiles/profile';
export { Profiles } from './profiles/profiles';
