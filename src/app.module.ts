import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule } from './access';
import { StartBanner } from './app-banner';
import { Lifecycle } from './app-lifecycle';
import { ChannelsModule } from './channels';
import { CheckerModule } from './checker';
import { type AppConfig, ConfigModule } from './config';
import { CoordinationModule } from './coordination';
import { EnginesModule } from './engines';
import { EventsModule } from './events';
import { HealthModule } from './health';
import { type LogOutput, LoggingModule } from './logging';
import { MetricsModule } from './metrics';
import { PlaylistsModule } from './playlists';
import { ProxyModule } from './proxy';
import { type DataFolder, StorageModule } from './storage';

/** The whole program; the only file that imports every module. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, output: LogOutput, folder: DataFolder): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        LoggingModule.forRoot(config, output),
        StorageModule.forRoot(folder),
        EventsModule,
        MetricsModule,
        AccessModule,
        CoordinationModule.forRoot(config),
        EnginesModule.forRoot(config),
        ChannelsModule,
        PlaylistsModule,
        ProxyModule,
        CheckerModule,
        HealthModule,
      ],
      providers: [Lifecycle, StartBanner],
    };
  }
}
