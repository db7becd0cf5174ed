import type { StreamUser } from '../../access';
import { AppError } from '../../kernel/errors';
import type { LeaveReason } from '../viewers';

/** A viewer, or a client that holds a stream without watching it. */
export interface StreamUse {
  /** Null if the client has presented no secret. */
  readonly user: StreamUser | null;
  readonly ip: string;
  /** The same for everything that one device of the user does. */
  readonly device: string;
  /** Monotonic time at which it began. */
  readonly joinedMs: number;
  /** What is watched: the same object for every use of the same content. */
  readonly subject: object | null;
  leave(reason: LeaveReason): void;
}

/** One content on one device: what `max_streams` counts. */
interface UserStream {
  readonly device: string;
  readonly subject: object | null;
  readonly sinceMs: number;
  readonly uses: StreamUse[];
}

/** Why a user may not watch from an address now; null if the user may. */
export type RefusalOf = (user: StreamUser, ip: string) => string | null;

/** What the users of streams watch. Limits how many streams a user has at once, and ends those of revoked users. */
export class UserStreams {
  private readonly usesByUser = new Map<string, Set<StreamUse>>();

  constructor(private readonly refusalOf: RefusalOf) {}

  /**
   * Checks that one more use of `subject` (null: of a content that nobody watches yet) may begin, and ends nothing. If
   * the user's limit is reached, returns the uses that give way, those of the oldest stream of the same device: players
   * open the next channel before they close the last one. Pass them to `replace` once nothing can refuse the request.
   *
   * @param leaving uses that end anyway before this one begins
   * @throws AppError `forbidden` if the user was revoked meanwhile; `client_limit` if only other devices watch
   */
  check(
    use: Omit<StreamUse, 'subject'>,
    subject: object | null,
    leaving: readonly StreamUse[] = [],
  ): readonly StreamUse[] {
    const { user, device } = use;
    if (user === null) return [];
    const refusal = this.refusalOf(user, use.ip);
    if (refusal !== null) throw new AppError('forbidden', refusal);
    const { maxStreams } = user;
    if (maxStreams === null) return [];
    const streams = this.streamsOf(user, leaving);
    const isWatched = streams.some((one) => one.device === device && one.subject === subject);
    if (subject !== null && isWatched) return [];
    const own = streams.filter((one) => one.device === device);
    if (streams.length - own.length >= maxStreams) {
      const limit = maxStreams === 1 ? '1 stream' : `${maxStreams} streams`;
      const detail = `The user's limit of ${limit} is reached by other devices.`;
      throw new AppError('client_limit', detail);
    }
    own.sort((a, b) => a.sinceMs - b.sinceMs);
    const excess = Math.max(0, streams.length - maxStreams + 1);
    return own.slice(0, excess).flatMap(({ uses }) => uses);
  }

  /** Ends the uses that give way to another one. */
  replace(uses: readonly StreamUse[]): void {
    for (const one of uses) one.leave('user_limit');
  }

  add(use: StreamUse): void {
    if (use.user === null) return;
    const uses = this.usesByUser.get(use.user.id) ?? new Set();
    this.usesByUser.set(use.user.id, uses.add(use));
  }

  /**
   * Of the uses that `check` has returned for `use`, those that still must end: none if the limit is kept meanwhile, because
   * a player has closed its last stream, or `use` itself has ended.
   */
  stillReplaced(use: StreamUse, replaced: readonly StreamUse[]): readonly StreamUse[] {
    const { user } = use;
    if (user === null || user.maxStreams === null || !this.has(use)) return [];
    const streams = this.streamsOf(user);
    return streams
      .filter(({ uses }) => uses.some((one) => replaced.includes(one)))
      .sort((a, b) => a.sinceMs - b.sinceMs)
      .slice(0, Math.max(0, streams.length - user.maxStreams))
      .flatMap(({ uses }) => uses);
  }

  /** Nothing happens if it was removed already. */
  remove(use: StreamUse): void {
    if (use.user === null) return;
    const uses = this.usesByUser.get(use.user.id);
    uses?.delete(use);
    if (uses?.size === 0) this.usesByUser.delete(use.user.id);
  }

  /** The streams of a user, as `max_streams` counts them, without the uses in `leaving`. */
  streamsOf({ id }: StreamUser, leaving: readonly StreamUse[] = []): UserStream[] {
    const streams: UserStream[] = [];
    for (const use of this.usesByUser.get(id) ?? []) {
      if (leaving.includes(use)) continue;
      const { device, subject } = use;
      const known = streams.find((one) => one.device === device && one.subject === subject);
      if (known === undefined) {
        streams.push({ device, subject, sinceMs: use.joinedMs, uses: [use] });
      } else known.uses.push(use);
    }
    return streams;
  }

  private has(use: StreamUse): boolean {
    return use.user !== null && this.usesByUser.get(use.user.id)?.has(use) === true;
  }

  /** Ends every use of a user who may not watch any more. */
  endRevoked(): void {
    for (const uses of [...this.usesByUser.values()]) {
      for (const use of [...uses]) {
        const isRevoked = use.user !== null && this.refusalOf(use.user, use.ip) !== null;
        if (isRevoked) use.leave('revoked');
      }
    }
  }
}
