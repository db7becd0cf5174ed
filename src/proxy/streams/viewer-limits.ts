import { AppError } from '../../kernel/errors';
import type { Viewer } from '../viewers';

export interface LimitSettings {
  readonly total: number;
  readonly perStream: number;
  /** 0: no limit. */
  readonly perIp: number;
}

/**
 * The viewers of all streams, and the limits of their number. Counts are sizes of sets, so that a viewer that is
 * removed twice cannot falsify them.
 */
export class ViewerLimits {
  private readonly viewers = new Set<Viewer>();
  private readonly byIp = new Map<string, Set<Viewer>>();

  constructor(
    private readonly limits: LimitSettings,
    /** Returns true for addresses without a limit per address. */
    readonly isExempt: (ip: string) => boolean,
  ) {}

  get count(): number {
    return this.viewers.size;
  }

  /**
   * @throws AppError `client_limit` if another viewer from `ip`, on a stream with `onStream` viewers, exceeds a limit
   */
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
      throw new AppError(
        'client_limit',
        `The limit of ${perIp} viewers from one address is reached.`,
      );
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
