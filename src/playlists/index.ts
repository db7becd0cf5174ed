export { PlaylistsModule } from './playlists.module';
