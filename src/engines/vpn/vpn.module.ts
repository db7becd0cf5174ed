import { Module } from '@nestjs/common';
import { CONFIG, viewOf } from '../../config';
import { engineRecipe, type RecipeConfig } from '../drivers/containers/engine-recipe';
import type { DockerClient } from '../drivers/docker-client';
import { DRIVER_CHOICE, type DriverChoice } from '../drivers/driver-choice';
import { DOCKER_CLIENT } from '../drivers/drivers.module';
import { RegistryModule } from '../registry/registry.module';
import { ProbedFacts, CachedFactSource } from '../selection/cached-facts';
import { loadDockerVpnContainers } from './docker-vpn-containers.loader';
import { ANYWHERE, EnginePlacement } from './engine-placement.port';
import { GluetunControlClient } from './gluetun-control-client';
import { VpnController } from './http/vpn.controller';
import { NoVpnContainers, VpnContainers } from './vpn-containers.port';
import { VpnDrains } from './vpn-drains';
import { VpnFacts } from './vpn-facts';
import { VpnPlacement } from './vpn-placement';
import { VpnRegistry } from './vpn-registry';
import { VpnWatch } from './vpn-watch';
import type { EnginesConfig } from '../engines-config';

/** The VPNs of VPN_CONTAINERS. If there are none, no VPN is checked, and engines join the runtime's own network. */
@Module({
  imports: [RegistryModule],
  controllers: [VpnController],
  providers: [
    // Also a provider, so that the event stream shows the same as the API.
    VpnController,
    VpnRegistry,
    VpnDrains,
    VpnWatch,
    {
      provide: VpnContainers,
      useFactory: (docker: DockerClient | null): VpnContainers => {
        if (docker === null) return new NoVpnContainers();
        const { DockerVpnContainers } = loadDockerVpnContainers();
        return new DockerVpnContainers(docker);
      },
      inject: [DOCKER_CLIENT],
    },
    {
      provide: GluetunControlClient,
      useFactory: (config: EnginesConfig) =>
        new GluetunControlClient(
          viewOf(config, { port: 'vpnControlPort', apiKey: 'vpnControlApiKey' }),
        ),
      inject: [CONFIG],
    },
    {
      provide: EnginePlacement,
      useFactory: (
        { kind }: DriverChoice,
        config: EnginesConfig & RecipeConfig,
        vpns: VpnRegistry,
      ): EnginePlacement => {
        // Only engines in containers of this Docker Engine can join a VPN's network.
        if (kind !== 'docker' || config.vpnContainers.length === 0) return ANYWHERE;
        const { portNames } = engineRecipe(config, 'docker');
        return new VpnPlacement(vpns, portNames.includes('p2p'));
      },
      inject: [DRIVER_CHOICE, CONFIG, VpnRegistry],
    },
    {
      provide: CachedFactSource,
      useFactory: ({ vpnContainers }: EnginesConfig, vpns: VpnRegistry): CachedFactSource =>
        vpnContainers.length === 0 ? new ProbedFacts() : new VpnFacts(vpns),
      inject: [CONFIG, VpnRegistry],
    },
  ],
  exports: [VpnController, VpnRegistry, EnginePlacement, CachedFactSource],
})
export class VpnModule {}
