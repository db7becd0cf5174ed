import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AppError } from '../../kernel/errors';
import { DataFolder, SmallValues } from '../../storage';
import type { Vpn, VpnDrain } from './vpn';
import { VpnRegistry } from './vpn-registry';

const STORED_AS = 'vpn.drains';

/** Operators' drains of whole VPNs. They survive a restart, because only an operator ends them. */
@Injectable()
export class VpnDrains implements OnModuleInit, OnModuleDestroy {
  private readonly values: SmallValues;

  constructor(
    folder: DataFolder,
    private readonly vpns: VpnRegistry,
  ) {
    this.values = new SmallValues(folder);
  }

  async onModuleInit(): Promise<void> {
    const stored = await this.values.get(STORED_AS);
    if (stored === null) return;
    for (const [name, drain] of Object.entries(JSON.parse(stored) as Record<string, VpnDrain>)) {
      this.vpns.setDrain(name, drain);
    }
  }

  onModuleDestroy(): Promise<void> {
    return this.values.close();
  }

  /** @throws AppError `not_found` */
  drain(name: string, reason: string): Vpn {
    return this.set(name, { reason });
  }

  /** No effect on a VPN that is not drained. @throws AppError `not_found` */
  undrain(name: string): Vpn {
    return this.set(name, null);
  }

  private set(name: string, drain: VpnDrain | null): Vpn {
    this.vpns.setDrain(name, drain);
    const vpn = this.vpns.get(name);
    if (vpn === undefined) throw new AppError('not_found', 'No VPN has this name.');
    const drains = this.vpns.list().flatMap((one) => (one.drain === null ? [] : [one]));
    this.values.set(
      STORED_AS,
      JSON.stringify(Object.fromEntries(drains.map((one) => [one.name, one.drain]))),
    );
    return vpn;
  }
}
