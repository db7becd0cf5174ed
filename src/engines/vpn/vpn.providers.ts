import { type Provider } from '@nestjs/common';
import { CONFIG } from '../../config';
import { engineRecipe, type RecipeConfig } from '../drivers/containers/engine-recipe';
import { DockerClient } from '../drivers/docker-client';
import { ANYWHERE, type EnginePlacement } from '../fleet/engine-placement.port';
import { ProbedFacts, SlowFactSource } from '../selection/slow-facts';
import { DockerVpnContainers } from './docker-vpn-containers';
import { GluetunControlClient } from './gluetun-control.client';
import { VpnContainers } from './vpn-containers.port';
import { VpnFacts } from './vpn-facts';
import { ENGINE_PLACEMENT, VpnPlacement } from './vpn-placement';
import { VpnRegistry } from './vpn-registry';
import { VpnWatch } from './vpn-watch';
import type { VpnConfig } from './vpn.config';

/** Needs CONFIG, EventBus, EngineRegistry and DockerClient beside it. Without VPN_CONTAINERS nothing of it runs. */
export const vpnProviders: Provider[] = [
  VpnRegistry,
  VpnWatch,
  {
    provide: VpnContainers,
    useFactory: (docker: DockerClient) => new DockerVpnContainers(docker),
    inject: [DockerClient],
  },
  {
    provide: GluetunControlClient,
    useFactory: ({ vpnControlPort, vpnControlApiKey }: VpnConfig) =>
      new GluetunControlClient({ port: vpnControlPort, apiKey: vpnControlApiKey }),
    inject: [CONFIG],
  },
  {
    provide: ENGINE_PLACEMENT,
    useFactory: (config: VpnConfig & RecipeConfig, vpns: VpnRegistry): EnginePlacement => {
      if (config.vpnContainers.length === 0) return ANYWHERE;
      const { portNames } = engineRecipe(config, 'docker');
      return new VpnPlacement(vpns, portNames.includes('p2p'));
    },
    inject: [CONFIG, VpnRegistry],
  },
  {
    provide: SlowFactSource,
    useFactory: ({ vpnContainers }: VpnConfig, vpns: VpnRegistry): SlowFactSource =>
      vpnContainers.length === 0 ? new ProbedFacts() : new VpnFacts(vpns),
    inject: [CONFIG, VpnRegistry],
  },
];
