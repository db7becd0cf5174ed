import { createHash } from 'node:crypto';
import type { PortRange } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import { RuntimeError } from '../engine-runtime.port';

/**
 * The next `count` free ports of a range, beginning behind `after` and going round at the end, so that a
 * port that was just freed is the last to come again: its old connections have time to die. Null when so
 * many are not free.
 */
export function nextFreePorts(
  range: PortRange,
  count: number,
  taken: ReadonlySet<number>,
  after: number | null,
): number[] | null {
  const size = range.to - range.from + 1;
  const isWithin = after !== null && after >= range.from && after <= range.to;
  const first = isWithin ? after + 1 - range.from : 0;
  const found: number[] = [];
  for (let step = 0; step < size && found.length < count; step += 1) {
    const port = range.from + ((first + step) % size);
    if (!taken.has(port)) found.push(port);
  }
  return found.length === count ? found : null;
}

/** Where in a range an instance begins: a share in [0, 1), the same at each start. */
export function startOffset(instance: string): number {
  return createHash('sha256').update(instance).digest().readUInt32BE() / 2 ** 32;
}

/** A port that another program has is not tried again for so long. */
const AVOIDED_MS = 5 * 60_000;

/**
 * A port that was given back is left alone for so long: the look at labels that comes with the next request
 * may be older than the container that has the port by now.
 */
const COOLING_MS = 10_000;

/** Ports that belong to one address: the Docker host's, or one VPN's. */
interface PortSpace {
  /** The port given out last; the next search begins behind it. */
  last: number | null;
  readonly reserved: Set<number>;
  /** Until when (monotonic ms) which port is left alone. */
  readonly avoidedUntil: Map<number, number>;
}

/** Ports held by one order until its container's labels say so, or until it failed. */
export interface PortReservation {
  readonly ports: readonly number[];
  /** Idempotent. */
  readonly release: () => void;
}

export interface PortRequest {
  /** Whose ports they are: addresses do not share theirs. */
  readonly space: string;
  readonly range: PortRange;
  readonly count: number;
  /** What the labels of running engines say, and whatever else must not be given out. */
  readonly taken: ReadonlySet<number>;
}

/**
 * Gives out ports. What running engines have is known from their labels and handed in with each request;
 * kept here is only what labels cannot tell: orders under way, and ports that turned out to be somebody
 * else's.
 */
export class PortAllocator {
  private readonly spaces = new Map<string, PortSpace>();

  /**
   * @param offset where in a range the first search begins, as a share of it in [0, 1): products that
   *   share a Docker host and a range do not meet at its beginning
   */
  constructor(
    private readonly offset: number,
    private readonly now: () => number = monotonicMs,
  ) {}

  /** @throws RuntimeError `no_place` when the range is used up */
  reserve({ space: name, range, count, taken }: PortRequest): PortReservation {
    const space = this.spaceOf(name);
    const all = new Set([...taken, ...space.reserved]);
    const ports = this.search(space, range, count, all);
    if (ports === null) {
      const why = `no ${count === 1 ? 'port is' : `${count} ports are`} free in ${range.from}-${range.to}`;
      throw new RuntimeError('no_place', why);
    }
    for (const port of ports) space.reserved.add(port);
    space.last = ports.at(-1) ?? space.last;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      for (const port of ports) {
        space.reserved.delete(port);
        this.leaveAlone(space, port, COOLING_MS);
      }
    };
    return { ports, release };
  }

  /** Another program has this port: it is left alone for a while. */
  avoid(spaceName: string, port: number): void {
    this.leaveAlone(this.spaceOf(spaceName), port, AVOIDED_MS);
  }

  private leaveAlone(space: PortSpace, port: number, forMs: number): void {
    const until = Math.max(space.avoidedUntil.get(port) ?? 0, this.now() + forMs);
    space.avoidedUntil.set(port, until);
  }

  /** Ports that are left alone are taken only when nothing else is left: their holder may have gone. */
  private search(
    space: PortSpace,
    range: PortRange,
    count: number,
    taken: ReadonlySet<number>,
  ): number[] | null {
    const now = this.now();
    for (const [port, until] of space.avoidedUntil) {
      if (until <= now) space.avoidedUntil.delete(port);
    }
    const after = space.last ?? this.firstOf(range);
    const withAvoided = new Set([...taken, ...space.avoidedUntil.keys()]);
    return (
      nextFreePorts(range, count, withAvoided, after) ?? nextFreePorts(range, count, taken, after)
    );
  }

  private firstOf(range: PortRange): number {
    return range.from + Math.floor(this.offset * (range.to - range.from + 1)) - 1;
  }

  private spaceOf(name: string): PortSpace {
    let space = this.spaces.get(name);
    if (space === undefined) {
      space = { last: null, reserved: new Set(), avoidedUntil: new Map() };
      this.spaces.set(name, space);
    }
    return space;
  }
}
