import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { CONFIG } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { EngineRegistry } from '../registry/engine-registry';
import { EngineWatch } from '../health/engine-watch';
import { faultOf, type GluetunReport } from './gluetun-answer';
import { GluetunControlClient } from './gluetun-control.client';
import type { Vpn, VpnFindings } from './vpn';
import { reachableAddress } from './vpn-address';
import { type VpnContainer, VpnContainers } from './vpn-containers.port';
import { isSameStart, nextHealth, type VpnObservation } from './vpn-health';
import { VpnRegistry } from './vpn-registry';
import type { VpnConfig } from './vpn.config';

/** Engines may be waiting for a VPN that does not work: it is asked at least this often. */
const IMPATIENT_MS = 2000;

/** An engine's word about its network counts for so long. */
const FRESH_WORD_MS = 30_000;

/** What Docker showed, or why it did not. */
type Look = { readonly container: VpnContainer | null } | { readonly failure: string };

/**
 * Watches the VPNs: one loop each, never two checks of one at a time, woken by Docker when something happens to its
 * container. A check is one look at the container and one conversation with its control server, both bounded. It only
 * writes down what it found; whoever needs it listens to the registry.
 */
@Injectable()
export class VpnWatch implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Vpn');
  private readonly watches = new Map<string, EngineWatch>();
  private readonly end = new AbortController();
  private unfollow: () => void = () => undefined;
  /** Null until Docker told. */
  private ownNetworks: readonly string[] | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: VpnConfig,
    private readonly vpns: VpnRegistry,
    private readonly containers: VpnContainers,
    private readonly control: GluetunControlClient,
    private readonly engines: EngineRegistry,
  ) {}

  onModuleInit(): void {
    const names = this.vpns.list().map(({ name }) => name);
    if (names.length === 0) return;
    for (const name of names) {
      const watch = new EngineWatch({
        probe: () => this.check(name),
        pauseMs: () => this.pauseMs(name),
      });
      this.watches.set(name, watch);
      watch.start();
    }
    this.unfollow = this.containers.follow(names, (name) => this.watches.get(name)?.hurry());
  }

  onModuleDestroy(): void {
    this.unfollow();
    for (const watch of this.watches.values()) watch.stop();
    this.end.abort();
    this.control.close();
  }

  private pauseMs(name: string): number {
    const { vpnCheckIntervalMs } = this.config;
    return this.vpns.get(name)?.health.state === 'up'
      ? vpnCheckIntervalMs
      : Math.min(vpnCheckIntervalMs, IMPATIENT_MS);
  }

  /** Never rejects: a fault of ours must not end the loop. */
  private async check(name: string): Promise<void> {
    try {
      const last = this.vpns.get(name);
      if (last === undefined) return;
      const look = await this.look(name);
      const host = await this.hostOf(look, last);
      const report = host === null ? null : await this.control.ask(host, this.end.signal);
      if (this.end.signal.aborted) return;
      this.vpns.record(name, this.findings(last, look, host, report));
    } catch (error) {
      this.logger.error({ err: error }, `vpn ${name}: a check failed`);
    }
  }

  private async look(name: string): Promise<Look> {
    try {
      return { container: await this.containers.find(name) };
    } catch (error) {
      return { failure: messageOf(error) };
    }
  }

  /** Where to ask now; null when there is nobody to ask. */
  private async hostOf(look: Look, last: Vpn): Promise<string | null> {
    if ('failure' in look) return last.host;
    if (look.container?.phase !== 'running') return null;
    return reachableAddress(look.container.addresses, await this.sharedNetworks());
  }

  private async sharedNetworks(): Promise<readonly string[]> {
    if (this.config.dockerNetwork !== null) return [this.config.dockerNetwork];
    try {
      this.ownNetworks ??= await this.containers.ownNetworks();
    } catch {
      // Asked again by the next check; until then the first address has to do.
      return [];
    }
    return this.ownNetworks;
  }

  private findings(
    last: Vpn,
    look: Look,
    host: string | null,
    report: GluetunReport | null,
  ): VpnFindings {
    const health = nextHealth(
      last.health,
      this.observation(last.name, look, host, report),
      this.config.vpnStableAfterMs,
      monotonicMs(),
    );
    // What is not told just now is most likely as it was, within one start of the container.
    const keeps = report !== null && isSameContainer(last, look);
    return {
      health,
      container: 'failure' in look ? last.container : (look.container ?? 'absent'),
      host,
      forwardedPort: answerOr(report?.forwardedPort, keeps ? last.forwardedPort : null),
      publicAddress: answerOr(report?.publicAddress, keeps ? last.publicAddress : null),
      controlFault: report === null ? null : faultOf(report),
      checkedAt: new Date(),
    };
  }

  private observation(
    name: string,
    look: Look,
    host: string | null,
    report: GluetunReport | null,
  ): VpnObservation {
    const control = report?.status.value ?? null;
    if ('failure' in look) return { kind: 'unseen', reason: look.failure, control };
    if (look.container === null) return { kind: 'absent' };
    const enginesConnected = this.enginesConnected(name);
    return { kind: 'seen', container: look.container, host, control, enginesConnected };
  }

  private enginesConnected(vpn: string): boolean {
    const oldestMs = monotonicMs() - FRESH_WORD_MS;
    return this.engines
      .list()
      .some(
        (engine) =>
          engine.vpn === vpn &&
          engine.answered === true &&
          engine.networkConnected === true &&
          (engine.answeredMs ?? -Infinity) >= oldestMs,
      );
  }
}

function isSameContainer(last: Vpn, look: Look): boolean {
  if ('failure' in look) return true;
  const { container } = look;
  if (container === null || last.container === null || last.container === 'absent') return false;
  return isSameStart(last.container, container);
}

function answerOr<T>(
  answer: { readonly value: T | null; readonly isFault?: boolean } | undefined,
  kept: T | null,
): T | null {
  if (answer === undefined) return null;
  return answer.value ?? (answer.isFault === true ? kept : null);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
