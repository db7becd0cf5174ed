import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AceEngineClient, EngineFault } from '../../ace';
import { type AppConfig, CONFIG } from '../../config';
import { AppError } from '../../kernel/errors';
import { SerialQueue } from '../../kernel/serial-queue';
import { reachedAddress, refusedKind } from '../../outbound';
import { DataFolder, ExternalEngineStore, type StoredEngine } from '../../storage';
import { EngineRegistry } from '../registry/engine-registry';

const MAX_ENGINES = 200;

export type NewEngine = Omit<StoredEngine, 'id'>;

/**
 * Engines that somebody else runs and that an administrator has added, with any ENGINE_DRIVER. They are chosen for streams
 * like other engines, but acefleet neither creates, restarts nor replaces them.
 */
@Injectable()
export class ExternalEngines implements OnApplicationBootstrap {
  private readonly store: ExternalEngineStore;
  private readonly byId = new Map<string, StoredEngine>();
  /** Each change is on the disk before it takes effect. */
  private readonly changes = new SerialQueue();

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'port' | 'engineProbeTimeoutMs'>,
    private readonly registry: EngineRegistry,
    private readonly ace: AceEngineClient,
    folder: DataFolder,
  ) {
    this.store = new ExternalEngineStore(folder);
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const engine of await this.store.list()) {
      this.byId.set(engine.id, engine);
      this.announce(engine);
    }
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /**
   * @param mayBeUnreachable false: an engine that does not answer now is refused
   * @returns its id
   * @throws AppError `conflict` for a known engine, or if there are too many; `invalid_request` for an address at which no
   *   engine may be; `engine_failed` if it does not answer; as `Database.change`
   */
  add(given: NewEngine, mayBeUnreachable: boolean): Promise<string> {
    const engine = { ...given, id: `static-${given.host}-${given.port}` };
    return this.changes.run(async () => {
      this.refuseKnown(engine);
      const isReachable = await this.checkAddress(engine, mayBeUnreachable);
      if (isReachable && !mayBeUnreachable) await this.probe(engine);
      this.refuseKnown(engine);
      await this.store.add(engine);
      this.byId.set(engine.id, engine);
      this.announce(engine);
      return engine.id;
    });
  }

  /** Its streams fail over to other engines. @throws AppError `not_found`; as `Database.change` */
  remove(id: string): Promise<void> {
    return this.changes.run(async () => {
      if (!this.byId.has(id)) throw new AppError('not_found', 'No engine has this id.');
      await this.store.remove(id);
      this.byId.delete(id);
      // If ENGINE_ADDRESSES lists it too, it stays.
      if (this.registry.get(id)?.isExternal !== true) return;
      this.registry.remove(id, 'removed by an operator');
    });
  }

  private announce({ id, host, port, apiPort, labels, maxStreams }: StoredEngine): void {
    // ENGINE_ADDRESSES may list it meanwhile.
    if (this.registry.get(id) !== undefined) return;
    this.registry.announce({
      ...{ id, name: id, endpoint: { host, port }, apiPort, labels, maxStreams },
      ...{ forwarded: false, vpn: null, isExternal: true },
    });
  }

  private refuseKnown({ host, port }: StoredEngine): void {
    const known = this.registry
      .list()
      .find(({ endpoint }) => endpoint.host === host && endpoint.port === port);
    if (known !== undefined) {
      throw new AppError('conflict', `Engine ${known.id} has this address already.`);
    }
    if (this.byId.size >= MAX_ENGINES) {
      throw new AppError('conflict', `${MAX_ENGINES} engines were added, which is the limit.`);
    }
  }

  /**
   * Refuses addresses at which no engine runs, but which may answer: those of a cloud's metadata, and acefleet itself, which
   * has the API of an engine, so that a stream would wait for itself. Loopback and private addresses are where engines
   * run. Returns false if the name does not resolve.
   */
  private async checkAddress(
    { host, port }: StoredEngine,
    mayBeUnreachable: boolean,
  ): Promise<boolean> {
    const found = await lookup(host, { all: true }).catch(() => []);
    if (found.length === 0 && !mayBeUnreachable) {
      throw new AppError('engine_failed', `The name ${host} does not resolve.`);
    }
    for (const { address } of found) {
      const reached = reachedAddress(address);
      const kind = refusedKind(reached);
      const isLoopback = kind === 'a loopback address';
      if (kind !== null && !isLoopback) {
        throw new AppError('invalid_request', `${host} is ${kind}, where no engine can be.`);
      }
      if (port === this.config.port && (isLoopback || isOwnAddress(reached))) {
        throw new AppError('invalid_request', `${host}:${port} is the address of acefleet itself.`);
      }
    }
    return found.length > 0;
  }

  private async probe({ host, port }: StoredEngine): Promise<void> {
    try {
      await this.ace.probe({ host, port }, { timeoutMs: this.config.engineProbeTimeoutMs });
    } catch (error) {
      const reason = error instanceof EngineFault ? error.reason : String(error);
      throw new AppError('engine_failed', `No engine answers at ${host}:${port} (${reason}).`, {
        cause: error,
      });
    }
  }
}

function isOwnAddress(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some((one) => reachedAddress(one.address) === address);
}
