import { wallClockIso } from '../../../kernel/clock';
import type {
  VpnCheckDto,
  VpnDto,
  VpnEmergencyDto,
  VpnHealthWord,
  VpnMode,
  VpnStatusDto,
} from './dto/vpn-status.dto';
import type { Vpn } from '../vpn';
import { isServing, stableInMs } from '../vpn-health';

export interface VpnStatusFacts {
  readonly vpns: readonly Vpn[];
  readonly stableAfterMs: number;
  /** Ids of the engines behind a VPN. */
  readonly enginesOf: (vpn: string) => string[];
  /** The present time on two clocks: `nowMs` on the monotonic clock (as in `sinceMs`), `now` on the wall clock. */
  readonly nowMs: number;
  readonly now: Date;
}

export function vpnStatusDto(facts: VpnStatusFacts): VpnStatusDto {
  const vpns = facts.vpns.map((vpn) => vpnDto(vpn, facts));
  const [first] = vpns;
  const connected = vpns.some((vpn) => vpn.connected);
  return {
    mode: modeOf(vpns.length),
    enabled: first !== undefined,
    status: statusOf(vpns, connected),
    health: connected ? 'healthy' : (first?.health ?? 'unknown'),
    connected,
    emergency_mode: emergencyDto(facts),
    vpns,
  };
}

export function vpnDto(vpn: Vpn, facts: VpnStatusFacts): VpnDto {
  const { name, health, container } = vpn;
  const stableMs = stableInMs(health, facts.stableAfterMs, facts.nowMs);
  return {
    enabled: true,
    status: containerStatus(container),
    container_name: name,
    health: healthWord(vpn),
    connected: isServing(health.state),
    ...checkResults(vpn),
    state: health.state,
    since: isoOf(health.sinceMs, facts),
    reason: health.reason,
    drained: vpn.drain !== null,
    drain_reason: vpn.drain?.reason ?? null,
    control_fault: vpn.controlFault,
    stable_in_s: stableMs === null ? null : Math.ceil(stableMs / 1000),
    host: vpn.host,
    engines: facts.enginesOf(name),
  };
}

function checkResults({
  container,
  publicAddress,
  forwardedPort,
  checkedAt,
}: Vpn): Pick<VpnDto, keyof VpnCheckDto> {
  const isPresent = container !== null && container !== 'absent';
  return {
    forwarded_port: forwardedPort,
    public_ip: publicAddress?.ip ?? null,
    provider: isPresent ? container.provider : null,
    country: publicAddress?.country ?? null,
    city: publicAddress?.city ?? null,
    region: publicAddress?.region ?? null,
    last_check_at: checkedAt === null ? null : wallClockIso(checkedAt),
  };
}

function containerStatus(container: Vpn['container']): string {
  if (container === null) return 'unknown';
  return container === 'absent' ? 'not_found' : container.status;
}

function healthWord({ health, container }: Vpn): VpnHealthWord {
  switch (health.state) {
    case 'up':
    case 'recovering':
      return 'healthy';
    case 'down':
      return 'unhealthy';
    case 'unknown':
      return container !== null && container !== 'absent' && container.health === 'starting'
        ? 'starting'
        : 'unknown';
  }
}

function modeOf(count: number): VpnMode {
  if (count === 0) return 'disabled';
  return count === 1 ? 'single' : 'redundant';
}

function statusOf(vpns: readonly VpnDto[], connected: boolean): string {
  const [only, second] = vpns;
  if (only === undefined) return 'disabled';
  if (second === undefined) return only.status;
  return connected ? 'running' : 'unhealthy';
}

function emergencyDto(facts: VpnStatusFacts): VpnEmergencyDto {
  const failed = facts.vpns.find(({ health }) => health.state === 'down');
  const serving = facts.vpns.find(({ health }) => isServing(health.state));
  if (failed === undefined || serving === undefined) {
    return { active: false, failed_vpn: null, healthy_vpn: null, duration_seconds: 0 };
  }
  return {
    active: true,
    failed_vpn: failed.name,
    healthy_vpn: serving.name,
    duration_seconds: Math.floor((facts.nowMs - failed.health.sinceMs) / 1000),
    entered_at: isoOf(failed.health.sinceMs, facts),
  };
}

function isoOf(monotonic: number, { nowMs, now }: VpnStatusFacts): string {
  return wallClockIso(new Date(now.getTime() - (nowMs - monotonic)));
}
