import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../config';
import { installationHosts } from './installation-hosts';
import { OutboundRequests } from './outbound-requests';
import { OwnHosts } from './own-hosts.port';
import type { OwnHost } from './target-rules';

/** Lists the hosts of the engines that are known now. */
export abstract class EngineHosts {
  abstract list(): readonly string[];
}

/** Requests to addresses that an administrator or a user gave, for every other module. */
@Module({})
export class OutboundModule {
  static forRoot(engineHosts: Omit<FactoryProvider<EngineHosts>, 'provide'>): DynamicModule {
    return {
      module: OutboundModule,
      global: true,
      providers: [
        { ...engineHosts, provide: EngineHosts },
        {
          provide: OwnHosts,
          inject: [CONFIG, EngineHosts],
          useFactory: (config: AppConfig, engines: EngineHosts): OwnHosts => ({
            list: (): OwnHost[] => [
              ...installationHosts(config),
              ...engines.list().map((host) => ({ what: 'an engine', host })),
            ],
          }),
        },
        {
          provide: OutboundRequests,
          inject: [CONFIG, OwnHosts],
          useFactory: ({ outboundAllow }: AppConfig, ownHosts: OwnHosts) =>
            new OutboundRequests(outboundAllow, ownHosts),
        },
      ],
      exports: [OutboundRequests, OwnHosts],
    };
  }
}
