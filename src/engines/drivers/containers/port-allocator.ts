import { createHash } from 'node:crypto';
import type { PortRange } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import { RuntimeError } from '../engine-runtime.port';

/**
 * The next `count` free ports of a range, starting after `after` and wrapping around at the end, so that a port that
 * was just freed is reused last and its old connections have time to end. Null when fewer are free.
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

/** Where an installation begins in a range, as a share in [0, 1). The same at each start. */
export function startOffset(instance: string): number {
  return createHash('sha256').update(instance).digest().readUInt32BE() / 2 ** 32;
}

/** A port that another program uses is avoided for this time. */
const AVOIDED_MS = 5 * 60_000;

/**
 * A released port is avoided for this time, because the list of labels that comes with the next request may be older
 * than the container that uses the port by now.
 */
const COOLING_MS = 10_000;

/** The ports of one address: of the Docker host or of one VPN. */
interface PortSpace {
  /** The port that was given out last; the next search starts after it. */
  last: number | null;
  readonly reserved: Set<number>;
  /**
   * By port: until when (monotonic ms) it is avoided. An avoided port is given out only when no other port is left.
   */
  readonly avoidedUntil: Map<number, number>;
}

/** The ports of one provisioning request, held until the labels of its container list them or the request has failed. */
export interface PortReservation {
  readonly ports: readonly number[];
  /** Idempotent. */
  readonly release: () => void;
}

export interface PortRequest {
  /** Name of the address. Ports of different addresses do not conflict. */
  readonly space: string;
  readonly range: PortRange;
  readonly count: number;
  /** The ports in the labels of running engines, and others that must not be given out. */
  readonly taken: ReadonlySet<number>;
}

/**
 * Gives out ports. The ports of running engines are known from their labels and passed with each request. The
 * allocator remembers only what labels cannot tell: ports of requests in progress, ports that were just released, and
 * ports that other programs use.
 */
export class PortAllocator {
  private readonly spaces = new Map<string, PortSpace>();

  /**
   * @param offset where in a range the first search starts, as a share in [0, 1): installations that share a Docker
   *   host and a range do not collide at its beginning
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
        this.avoidFor(space, port, COOLING_MS);
      }
    };
    return { ports, release };
  }

  /** Call when another program uses this port. It is then avoided for a while. */
  avoid(spaceName: string, port: number): void {
    this.avoidFor(this.spaceOf(spaceName), port, AVOIDED_MS);
  }

  private avoidFor(space: PortSpace, port: number, forMs: number): void {
    const until = Math.max(space.avoidedUntil.get(port) ?? 0, this.now() + forMs);
    space.avoidedUntil.set(port, until);
  }

  /** Avoided ports are given out only when no other port is left: the program that used them may have ended. */
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
