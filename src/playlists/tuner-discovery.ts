import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, BlockList } from 'node:net';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CONFIG, type AppConfig } from '../config';
import { slotLimit } from '../engines';
import { tunerDevice } from './tuner-device';
import { discoveryReply, isRequestFor } from './tuner-discovery-packet';
import { TunerIdentity } from './tuner-identity';

/** The port to which media servers send their search for HDHomeRun tuners. */
const PORT = 65_001;

/**
 * Only addresses of private networks get a reply. A reply is larger than its request, and the sender of a request can be
 * forged, so otherwise an attacker could direct replies at others.
 */
const HOME_NETWORKS = new BlockList();
HOME_NETWORKS.addSubnet('10.0.0.0', 8);
HOME_NETWORKS.addSubnet('100.64.0.0', 10);
HOME_NETWORKS.addSubnet('127.0.0.0', 8);
HOME_NETWORKS.addSubnet('169.254.0.0', 16);
HOME_NETWORKS.addSubnet('172.16.0.0', 12);
HOME_NETWORKS.addSubnet('192.168.0.0', 16);

const ALL_ADDRESSES = ['::', '0.0.0.0'];

/** Answers media servers that search the network for HDHomeRun tuners by a UDP broadcast. */
@Injectable()
export class TunerDiscovery implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(TunerDiscovery.name);
  private socket: Socket | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly identity: TunerIdentity,
    private readonly adapter: HttpAdapterHost,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.tunerDiscovery) return;
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    try {
      // A socket that is bound to one address would not receive broadcasts.
      socket.bind(PORT);
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      this.logger.warn(
        `TUNER_DISCOVERY has no effect: UDP port ${PORT} cannot be used (${(error as Error).message})`,
      );
      return;
    }
    socket.on('error', (error) => this.logger.warn(`tuner discovery failed: ${error.message}`));
    socket.on('message', (packet, sender) => void this.answer(socket, packet, sender));
    this.socket = socket;
  }

  onApplicationShutdown(): void {
    this.socket?.close();
    this.socket = null;
  }

  private async answer(socket: Socket, packet: Buffer, sender: RemoteInfo): Promise<void> {
    const { deviceId } = this.identity;
    if (!HOME_NETWORKS.check(sender.address) || !isRequestFor(deviceId, packet)) return;
    try {
      const address = await this.addressFor(sender);
      if (address === null || this.socket === null) return;
      const device = tunerDevice(address, null, deviceId, slotLimit(this.config) + 1);
      const reply = discoveryReply({
        deviceId,
        tunerCount: device.TunerCount,
        deviceAuth: device.DeviceAuth,
        baseUrl: device.BaseURL,
        lineupUrl: device.LineupURL,
      });
      socket.send(reply, sender.port, sender.address);
    } catch (error) {
      this.logger.debug(`a search for tuners was not answered: ${(error as Error).message}`);
    }
  }

  /** The address of this server as `sender` can reach it; null while the server does not listen. */
  private async addressFor(sender: RemoteInfo): Promise<string | null> {
    const { publicUrl, host } = this.config;
    if (publicUrl !== null) return publicUrl;
    const server = this.adapter.httpAdapter.getHttpServer() as { address(): AddressInfo | null };
    const listening = server.address();
    if (listening === null) return null;
    const name = ALL_ADDRESSES.includes(host) ? await localAddressTowards(sender) : host;
    return `http://${name.includes(':') ? `[${name}]` : name}:${listening.port}`;
  }
}

/** The address from which this machine sends to `sender`. Connecting a UDP socket chooses it and sends nothing. */
async function localAddressTowards({ address, port }: RemoteInfo): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.connect(port, address);
    await once(socket, 'connect');
    return socket.address().address;
  } finally {
    socket.close();
  }
}
