import { AppError } from '../../kernel/errors';
import type { Viewer } from '../viewers';

export interface LimitSettings {
  readonly total: number;
  readonly perStream: number;
  /** 0 is off. */
  readonly perIp: number;
}

/**
 * Who watches, over all streams, and how many may. Counts come from the set of viewers itself, so nothing
 * can be released twice or leak.
 */
export class ViewerLimits {
  private readonly viewers = new Set<Viewer>();
  private readonly byIp = new Map<string, Set<Viewer>>();

  constructor(
    private readonly limits: LimitSettings,
    /** Addresses that speak for many viewers. */
    readonly isExempt: (ip: string) => boolean,
  ) {}

  get count(): number {
    return this.viewers.size;
  }

  /** Throws `client_limit` when one more viewer from `ip` on a stream with `onStream` viewers is too many. */
  check(ip: string, onStream: number): void {
    const { total, perStream, perIp } = this.limits;
    if (this.viewers.size >= total) {
      throw new AppError('client_limit', `The limit of ${total} viewers is reached.`);
    }
    if (onStream >= perStream) {
      throw new AppError(
        'client_limit',
        `The limit of ${perStream} viewers of this stream is reached.`,
      );
    }
    if (perIp > 0 && !this.isExempt(ip) && (this.byIp.get(ip)?.size ?? 0) >= perIp) {
      throw new AppError('client_limit', `More than ${perIp} viewers from one address.`);
    }
  }

  add(viewer: Viewer): void {
    this.viewers.add(viewer);
    const { ip } = viewer.identity;
    const sameIp = this.byIp.get(ip) ?? new Set<Viewer>();
    sameIp.add(viewer);
    this.byIp.set(ip, sameIp);
  }

  remove(viewer: Viewer): void {
    this.viewers.delete(viewer);
    const { ip } = viewer.identity;
    const sameIp = this.byIp.get(ip);
    sameIp?.delete(viewer);
    if (sameIp?.size === 0) this.byIp.delete(ip);
  }
}
