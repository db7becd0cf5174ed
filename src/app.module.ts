import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule } from './access';
import { StartBanner } from './app-banner';
import { Lifecycle } from './app-lifecycle';
import { ChannelsModule } from './channels';
import { CheckerModule } from './checker';
import { ConfigModule } from './config';
import { CoordinationModule } from './coordination';
import { EngineRegistry, EnginesModule } from './engines';
import { EventsModule } from './events';
import { GuideModule } from './guide';
import { HealthModule } from './health';
import { HistoryModule } from './history';
import { type LogOutput, LoggingModule } from './logging';
import { MetricsModule } from './metrics';
import { type EngineHosts, OutboundModule } from './outbound/outbound.module';
import { PlaylistsModule } from './playlists';
import { ProxyModule } from './proxy';
import { PushModule } from './push';
import { type Settings, SettingsModule } from './settings';
import { type DataFolder, StorageModule } from './storage';
import { TracingModule } from './tracing';

/** The whole program; the only file that imports every module. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings, output: LogOutput, folder: DataFolder): DynamicModule {
    const config = settings.live.values;
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(settings.live),
        LoggingModule.forRoot(config, output),
        StorageModule.forRoot(folder),
        EventsModule,
        MetricsModule,
        TracingModule.forRoot(config),
        AccessModule,
        CoordinationModule.forRoot(config),
        EnginesModule.forRoot(config),
        OutboundModule.forRoot({
          inject: [EngineRegistry],
          useFactory: (engines: EngineRegistry): EngineHosts => ({
            list: () => engines.list().map(({ endpoint }) => endpoint.host),
          }),
        }),
        ChannelsModule,
        GuideModule,
        PlaylistsModule,
        ProxyModule,
        CheckerModule,
        PushModule,
        HealthModule,
        HistoryModule,
        SettingsModule.forRoot(settings),
      ],
      providers: [Lifecycle, StartBanner],
    };
  }
}
