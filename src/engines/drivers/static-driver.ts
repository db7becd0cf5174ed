import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Logger } from '@nestjs/common';
import type { EngineAddress } from '../../config';
import type { EngineDescription, EngineSink } from '../registry/engine.types';
import { type DemoChannel, type EngineDriver, EngineDriverError } from './engine-driver.port';

/** Engines at configured addresses, which acefleet does not run. Each is announced once and stays. */
export class StaticDriver implements EngineDriver {
  readonly kind = 'static';
  readonly canGrow = false;
  readonly isAsleep = false;
  readonly blocked = null;

  private readonly logger = new Logger(StaticDriver.name);
  private isStopped = false;

  /**
   * @param resolve as `lookup` of node:dns
   * @throws EngineDriverError when there is no address, because the driver would never have an engine
   */
  constructor(
    private readonly addresses: readonly EngineAddress[],
    private readonly resolve: (host: string) => Promise<unknown> = lookup,
  ) {
    if (addresses.length === 0) {
      throw new EngineDriverError(
        'ENGINE_DRIVER=static needs ENGINE_ADDRESSES (host:port[:api_port],…)',
      );
    }
  }

  subscribe(): () => void {
    return () => undefined;
  }

  start(sink: EngineSink): Promise<void> {
    for (const address of this.addresses) sink.announce(describe(address));
    const names = new Set(
      this.addresses.map(({ host }) => host).filter((host) => isIP(host) === 0),
    );
    // Not awaited: a name server that does not answer would delay the start.
    for (const name of names) void this.checkName(name);
    return Promise.resolve();
  }

  demoChannels(): Promise<DemoChannel[]> {
    return Promise.resolve([]);
  }

  hold(): void {
    // This driver decides nothing.
  }

  farewell(): Promise<null> {
    return Promise.resolve(null);
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }

  /** Never rejects. The engine is probed in any case, because the name may resolve later. */
  private async checkName(name: string): Promise<void> {
    try {
      await this.resolve(name);
    } catch (error) {
      if (this.isStopped) return;
      const { code } = error as NodeJS.ErrnoException;
      const why = code ?? String(error);
      this.logger.warn(`${name} of ENGINE_ADDRESSES does not resolve (${why}): is it misspelt?`);
    }
  }
}

function describe({ host, port, apiPort }: EngineAddress): EngineDescription {
  const id = `static-${host}-${port}`;
  return {
    id,
    name: id,
    endpoint: { host, port },
    apiPort,
    labels: {},
    forwarded: false,
    vpn: null,
  };
}
