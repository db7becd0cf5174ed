import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { CONFIG, LiveConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { EngineRegistry } from '../registry/engine-registry';
import { ProbeLoop } from '../health/probe-loop';
import { faultOf, type GluetunReport } from './gluetun-answer';
import { GluetunControlClient } from './gluetun-control-client';
import type { Vpn, VpnFindings } from './vpn';
import { type NetworkAddress, type VpnContainer, VpnContainers } from './vpn-containers.port';
import { isSameStart, nextHealth, type VpnObservation } from './vpn-health';
import { VpnRegistry } from './vpn-registry';
import type { EnginesConfig } from '../engines-config';

/** The longest pause between two checks of a VPN that is not up, because the fleet waits for it. */
const MAX_PAUSE_WHILE_DOWN_MS = 2000;

/** An engine's report about its network is valid for this long. */
const FRESH_ANSWER_MS = 30_000;

/** Docker's answer, or why there is none. */
type Inspection = { readonly container: VpnContainer | null } | { readonly failure: string };

/**
 * Checks each VPN in its own loop, one check at a time. When Docker reports a change of the VPN's container, the next
 * check runs at once. A check inspects the container and queries its control server, both with deadlines, and records
 * the result in the registry.
 */
@Injectable()
export class VpnWatch implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Vpn');
  private readonly loops = new Map<string, ProbeLoop>();
  private readonly end = new AbortController();
  private subscriptions: readonly (() => void)[] = [];
  /** Null until Docker has answered. */
  private ownNetworks: readonly string[] | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly vpns: VpnRegistry,
    private readonly containers: VpnContainers,
    private readonly control: GluetunControlClient,
    private readonly engines: EngineRegistry,
    private readonly settings: LiveConfig,
  ) {}

  onModuleInit(): void {
    const names = this.vpns.list().map(({ name }) => name);
    if (names.length === 0) return;
    for (const name of names) {
      const loop = new ProbeLoop({
        probe: () => this.check(name),
        pauseMs: () => this.pauseMs(name),
      });
      this.loops.set(name, loop);
      loop.start();
    }
    this.subscriptions = [
      this.containers.follow(names, (name) => this.loops.get(name)?.hurry()),
      this.settings.onChange(['vpnCheckIntervalMs'], () => {
        for (const loop of this.loops.values()) loop.pauseChanged();
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const unsubscribe of this.subscriptions) unsubscribe();
    for (const loop of this.loops.values()) loop.stop();
    this.end.abort();
    this.control.close();
  }

  private pauseMs(name: string): number {
    const { vpnCheckIntervalMs } = this.config;
    return this.vpns.get(name)?.health.state === 'up'
      ? vpnCheckIntervalMs
      : Math.min(vpnCheckIntervalMs, MAX_PAUSE_WHILE_DOWN_MS);
  }

  /** Never rejects, because an unexpected error must not end the loop. */
  private async check(name: string): Promise<void> {
    try {
      const last = this.vpns.get(name);
      if (last === undefined) return;
      const inspection = await this.inspect(name);
      const host = await this.hostOf(inspection, last);
      const report = host === null ? null : await this.control.ask(host, this.end.signal);
      if (this.end.signal.aborted) return;
      this.vpns.record(name, this.findings(last, inspection, host, report));
    } catch (error) {
      this.logger.error({ err: error }, `vpn ${name}: a check failed`);
    }
  }

  private async inspect(name: string): Promise<Inspection> {
    try {
      return { container: await this.containers.find(name) };
    } catch (error) {
      return { failure: messageOf(error) };
    }
  }

  /** Address of the control server; null when the container does not run. */
  private async hostOf(inspection: Inspection, last: Vpn): Promise<string | null> {
    if ('failure' in inspection) return last.host;
    if (inspection.container?.phase !== 'running') return null;
    return reachableAddress(inspection.container.addresses, await this.sharedNetworks());
  }

  private async sharedNetworks(): Promise<readonly string[]> {
    if (this.config.dockerNetwork !== null) return [this.config.dockerNetwork];
    try {
      this.ownNetworks ??= await this.containers.ownNetworks();
    } catch {
      // The next check asks again; until then the container's first address is used.
      return [];
    }
    return this.ownNetworks;
  }

  private findings(
    last: Vpn,
    inspection: Inspection,
    host: string | null,
    report: GluetunReport | null,
  ): VpnFindings {
    const health = nextHealth(
      last.health,
      this.observation(last.name, inspection, host, report),
      this.config.vpnStableAfterMs,
      monotonicMs(),
    );
    // If a query fails during the same start of the container, the last value is kept, because it has most likely not
    // changed. An answer without a value clears it.
    const keeps = report !== null && isSameContainer(last, inspection);
    return {
      health,
      container: 'failure' in inspection ? last.container : (inspection.container ?? 'absent'),
      host,
      forwardedPort: answerOr(report?.forwardedPort, keeps ? last.forwardedPort : null),
      publicAddress: answerOr(report?.publicAddress, keeps ? last.publicAddress : null),
      controlFault: report === null ? null : faultOf(report),
      checkedAt: new Date(),
    };
  }

  private observation(
    name: string,
    inspection: Inspection,
    host: string | null,
    report: GluetunReport | null,
  ): VpnObservation {
    const control = report?.status.value ?? null;
    if ('failure' in inspection) return { kind: 'unobserved', reason: inspection.failure, control };
    if (inspection.container === null) return { kind: 'absent' };
    const enginesConnected = this.enginesConnected(name);
    return { kind: 'observed', container: inspection.container, host, control, enginesConnected };
  }

  private enginesConnected(vpn: string): boolean {
    const oldestMs = monotonicMs() - FRESH_ANSWER_MS;
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

function isSameContainer(last: Vpn, inspection: Inspection): boolean {
  if ('failure' in inspection) return true;
  const { container } = inspection;
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

/**
 * The address at which a VPN's container is reached: its address on the first network that acefleet shares with it,
 * or else its first address. On a Linux host every address on a bridge is reachable, and Gluetun's firewall accepts
 * connections from the networks that it is on.
 */
function reachableAddress(
  addresses: readonly NetworkAddress[],
  shared: readonly string[],
): string | null {
  for (const network of shared) {
    const found = addresses.find((address) => address.network === network);
    if (found !== undefined) return found.address;
  }
  return addresses[0]?.address ?? null;
}
