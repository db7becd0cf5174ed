import { AppError } from '../../kernel/errors';
import type { Viewer } from '../viewers';

/** The maximum numbers of viewers. */
export interface LimitSettings {
  readonly total: number;
  readonly perStream: number;
  /** Limit for each IP address; 0: no limit. */
  readonly perIp: number;
}

/**
 * Limits how many viewers there are. It keeps the viewers in sets instead of counting them, so that a viewer that is
 * removed twice does no harm.
 */
export class ViewerLimits {
  private readonly viewers = new Set<Viewer>();
  private readonly byIp = new Map<string, Set<Viewer>>();

  constructor(
    private readonly limits: LimitSettings,
    /** True for an address to which `perIp` does not apply. */
    readonly isExempt: (ip: string) => boolean,
  ) {}

  get count(): number {
    return this.viewers.size;
  }

  /**
   * Checks that one more viewer from `ip` may join a stream that has `onStream` viewers.
   *
   * @param leaving viewers and other clients that leave before it joins
   * @throws AppError `client_limit`
   */
  check(ip: string, onStream: number, leaving: readonly object[] = []): void {
    const { total, perStream, perIp } = this.limits;
    const stays = (viewer: Viewer): boolean => !leaving.includes(viewer);
    const countOf = (viewers: ReadonlySet<Viewer> | undefined): number =>
      leaving.length === 0 ? (viewers?.size ?? 0) : [...(viewers ?? [])].filter(stays).length;
    if (countOf(this.viewers) >= total) {
      throw new AppError('client_limit', `The limit of ${total} viewers is reached.`);
    }
    if (onStream >= perStream) {
      throw new AppError(
        'client_limit',
        `The limit of ${perStream} viewers of this stream is reached.`,
      );
    }
    if (perIp > 0 && !this.isExempt(ip) && countOf(this.byIp.get(ip)) >= perIp) {
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
