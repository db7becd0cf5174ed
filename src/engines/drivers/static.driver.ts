import type { EngineAddress } from '../../config';
import type { EngineDescription } from '../engine.types';
import {
  type DemoChannel,
  type EngineDriver,
  EngineDriverError,
  type EngineSink,
} from './engine-driver.port';

/** Engines that somebody else runs, at addresses that are known. Each is announced once and stays. */
export class StaticDriver implements EngineDriver {
  readonly kind = 'static';
  readonly canGrow = false;
  readonly isAsleep = false;
  readonly blocked = null;

  /** @throws EngineDriverError when there is no address: the driver would have nothing to do, for ever */
  constructor(private readonly addresses: readonly EngineAddress[]) {
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
    return Promise.resolve();
  }

  demoChannels(): Promise<DemoChannel[]> {
    return Promise.resolve([]);
  }

  hold(): void {
    // Nothing was ever decided here.
  }

  farewell(): null {
    return null;
  }

  stop(): Promise<void> {
    return Promise.resolve();
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
