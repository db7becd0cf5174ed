import { classifyEngines } from './engine-disposition';
import { startsReplacement } from './fleet-plan';
import { aSnapshot } from './fleet-snapshot.spec-support';
import { SimulatedEngine } from './simulated-engine.spec-support';
import type { FleetAction, FleetEngine, FleetLimits, FleetSnapshot } from './fleet.types';

export const STEP_MS = 30_000;
const VPNS = ['x', 'y'];
const WAIT_STEPS = 3;

interface Request {
  left: number;
  readonly replaces: string | null;
  readonly fails: boolean;
}

/** Disturbances from outside; `n` picks the engine, or gives a number. */
// prettier-ignore
export const DISTURBANCES = [
  'die', 'freeze', 'thaw', 'pause', 'disconnect', 'remove_by_hand', 'drain', 'undrain', 'scale', 'ask',
  'start_stream', 'start_stream', 'start_stream', 'start_stream', 'end_stream', 'end_stream', 'vpn_down',
  'vpn_up', 'vpn_restarted', 'port_moved', 'new_settings', 'starts_hang', 'starts_fail', 'starts_work',
  'reconnect', 'port_back', 'old_settings', 'unpause',
  'runtime_refuses', 'crash', 'nothing', 'nothing',
] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/**
 * A small model of containers, viewers, operators and VPNs. It carries out the fleet's actions and throws on
 * forbidden ones.
 */
export class SimulatedFleet {
  engines: SimulatedEngine[] = [];
  now = 0;
  acted = 0;
  private requests: Request[] = [];
  private waiters: number[] = [];
  private requested = 0;
  private scaledTo: number | null = null;
  private replacedAt: number | null = null;
  private lastReplacement: number | null = null;
  private blockedSteps = 0;
  private nextId = 0;
  private readonly movers: SimulatedEngine[] = [];
  private starts: 'work' | 'hang' | 'fail' = 'work';
  private refusals = 0;
  private readonly down = new Set<string>();

  constructor(private readonly limits: FleetLimits) {}

  disturb(what: Disturbance, n: number): void {
    const there = this.engines.filter(({ isGone }) => !isGone);
    const engine = there[n % Math.max(1, there.length)];
    const vpn = VPNS[n % VPNS.length] ?? '';
    const onVpn = there.filter((one) => one.vpn === vpn);
    switch (what) {
      case 'scale':
        this.scaledTo = n % 4 === 0 ? null : n % 9;
        return;
      case 'ask':
        this.requested += n % 3;
        return;
      case 'start_stream':
        this.waiters.push(0);
        this.serve();
        return;
      case 'vpn_down':
      case 'vpn_up':
        if (what === 'vpn_down') this.down.add(vpn);
        else this.down.delete(vpn);
        return;
      case 'vpn_restarted':
        for (const one of onVpn) one.objection = { kind: 'lost', reason: 'another network' };
        return;
      case 'new_settings':
        for (const one of there) one.isOutdated = true;
        return;
      case 'old_settings':
        for (const one of there) one.isOutdated = false;
        return;
      case 'starts_hang':
      case 'starts_fail':
      case 'starts_work':
        this.starts = what === 'starts_hang' ? 'hang' : what === 'starts_fail' ? 'fail' : 'work';
        return;
      case 'runtime_refuses':
        this.refusals += 1;
        return;
      case 'crash':
        this.crash();
        return;
      case 'nothing':
        return;
      case 'die':
      case 'freeze':
      case 'thaw':
      case 'pause':
      case 'disconnect':
      case 'remove_by_hand':
      case 'drain':
      case 'undrain':
      case 'end_stream':
      case 'port_moved':
      case 'reconnect':
      case 'port_back':
      case 'unpause':
        if (engine !== undefined) this.disturbOne(what, engine);
    }
  }

  private disturbOne(what: Disturbance, engine: SimulatedEngine): void {
    if (what === 'die' && engine.phase !== 'created') {
      engine.phase = 'ended';
      engine.pausedSince = null;
      this.leave(engine);
    }
    if (what === 'freeze') engine.isFrozen = true;
    if (what === 'thaw') engine.isFrozen = false;
    if (what === 'pause' && engine.phase === 'running') {
      engine.phase = 'paused';
      engine.pausedSince = this.now;
    }
    if (what === 'disconnect') engine.disconnectedSince ??= this.now;
    if (what === 'reconnect') engine.disconnectedSince = null;
    if (what === 'port_back' && engine.objection?.kind === 'misplaced') engine.objection = null;
    if (what === 'unpause' && engine.phase === 'paused') {
      engine.phase = 'running';
      engine.pausedSince = null;
    }
    if (what === 'remove_by_hand') {
      engine.isGone = true;
      engine.hasVanished = this.now % 60_000 === 0;
      this.leave(engine);
    }
    if (what === 'drain' && engine.phase === 'running') engine.drainedBy = 'operator';
    if (what === 'undrain') engine.drainedBy = null;
    if (what === 'end_stream' && engine.streams > 0) {
      engine.streams -= 1;
      engine.leaving = Math.min(engine.leaving, engine.streams);
      engine.idleSince = this.now;
      this.serve();
    }
    if (what === 'port_moved') engine.objection ??= { kind: 'misplaced', reason: 'another port' };
  }

  /** From now on nothing fails any more; present faults stay. */
  calmDown(endsStreams: boolean): void {
    this.starts = 'work';
    this.refusals = 0;
    this.requested = 0;
    if (!endsStreams) return;
    for (const engine of this.engines) {
      if (engine.streams > 0) engine.idleSince = this.now;
      engine.streams = 0;
      engine.leaving = 0;
    }
    this.waiters = [];
  }

  /** Advances the time by one step. */
  step(): void {
    this.now += STEP_MS;
    this.blockedSteps = Math.max(0, this.blockedSteps - 1);
    for (const request of [...this.requests]) this.advance(request);
    for (const engine of this.engines) if (engine.leaving > 0) this.leave(engine);
    for (const engine of [...this.engines]) this.live(engine);
    this.waiters = this.waiters.map((age) => age + 1).filter((age) => age <= WAIT_STEPS);
    this.serve();
  }

  snapshot(): FleetSnapshot {
    const successors = this.engines.filter((engine) => engine.boot > 0 && engine.replaces !== null);
    return aSnapshot(
      this.engines.map((engine) => engine.freeze(this.now, this.down)),
      {
        pendingRequests: this.requests.length,
        beingReplaced: new Set(
          [...this.requests, ...successors]
            .map(({ replaces }) => replaces)
            .filter((id) => id !== null),
        ),
        waiting: this.waiters.length,
        scaledTo: this.scaledTo,
        operatorRequests: this.requested,
        sinceReplacementMs: this.replacedAt === null ? null : this.now - this.replacedAt,
        mayProvision: this.blockedSteps === 0 && this.down.size < VPNS.length,
        limits: this.limits,
      },
    );
  }

  /** Carries out a plan. @throws Error when an action breaks a rule */
  act(snapshot: FleetSnapshot, actions: readonly FleetAction[], wanted: number): void {
    if (actions.length === 0) return;
    const classified = classifyEngines(snapshot);
    // Working engines, and those that may recover: `wanted` of them must stay, unless room is short.
    const going = new Set(targetsOfEnd(actions));
    const isLeft = ({ engine }: { engine: FleetEngine }): boolean => !going.has(engine.id);
    const hasSpare =
      [...classified.working, ...classified.of('failing')].filter(isLeft).length >= wanted;
    const isFull = classified.presentCount >= this.limits.maxReplicas;
    const targets = actions.flatMap((action) => ('engineId' in action ? [action.engineId] : []));
    must(new Set(targets).size === targets.length, 'one action for each engine');
    for (const action of actions) {
      this.acted += 1;
      if (startsReplacement(action)) this.noteReplacement();
      if (action.kind === 'provision') {
        must(snapshot.mayProvision, 'no engine is created while provisioning is blocked');
        this.requests.push({
          left: this.nextId % 2,
          replaces: action.replaces,
          fails: this.starts === 'fail',
        });
        if (action.replaces === null) this.requested = Math.max(0, this.requested - 1);
        continue;
      }
      const engine = this.engines.find(({ id }) => id === action.engineId);
      must(engine !== undefined && engine.work === null, 'the engine exists and is not busy');
      must(
        engine.missedListings < 2 && !engine.hasVanished,
        'no action concerns an engine that is gone',
      );
      const isOver = engine.phase === 'ended' || engine.phase === 'created';
      must(
        engine.drainedBy !== 'operator' || isOver,
        'an engine that an operator drains is left alone',
      );
      this.carryOut(action, engine, hasSpare, isFull);
    }
    // Streams look for another engine after the whole plan has begun.
    for (const engine of this.movers.splice(0)) engine.leaving = engine.streams;
    const requested = actions.filter(({ kind }) => kind === 'provision').length;
    const starting = classified.startingCount + this.requests.length;
    must(
      requested === 0 || starting <= this.limits.parallelStarts,
      'no more engines start in parallel than allowed',
    );
    must(this.containers <= this.limits.maxReplicas, 'MAX_REPLICAS is kept');
  }

  get containers(): number {
    return this.engines.filter(({ isGone }) => !isGone).length + this.requests.length;
  }

  get isAtWork(): boolean {
    return (
      this.requests.length > 0 || this.engines.some(({ work, isGone }) => work !== null || isGone)
    );
  }

  private carryOut(
    action: Exclude<FleetAction, { kind: 'provision' }>,
    engine: SimulatedEngine,
    hasSpare: boolean,
    isFull: boolean,
  ): void {
    switch (action.kind) {
      case 'remove': {
        const { boot, phase, streams, objection } = engine;
        const isStuck = boot > 0 && this.now - engine.upSince > this.limits.startTimeoutMs;
        const mustGo =
          phase === 'ended' || phase === 'created' || objection?.kind === 'lost' || isStuck;
        const isEmptied = engine.drainedBy === 'fleet' && streams === 0;
        must(
          mustGo || isEmptied || hasSpare || action.makesRoom,
          'an engine that is needed is not removed',
        );
        must(!action.makesRoom || isFull, 'makesRoom is set only at MAX_REPLICAS');
        must(
          mustGo || streams === 0 || !engine.isSound(this.down),
          'a sound engine is not removed while it has streams',
        );
        must(
          action.failure === null || boot > 0,
          'only a starting engine is reported as a failed start',
        );
        this.movers.push(engine);
        engine.drainedBy ??= 'fleet';
        engine.work = this.work('remove');
        return;
      }
      case 'drain':
        must(
          engine.phase === 'running' || engine.phase === 'paused',
          'only an engine with a process is drained',
        );
        must(engine.drainedBy === null, 'an engine that is drained already is not drained again');
        engine.drainedBy = 'fleet';
        if (action.evict) this.movers.push(engine);
        return;
      case 'undrain':
        must(engine.drainedBy === 'fleet', 'the fleet ends only its own drains');
        engine.drainedBy = null;
        return;
      case 'unpause':
        must(engine.phase === 'paused', 'only a paused engine is unpaused');
        engine.work = this.work('unpause');
    }
  }

  private work(kind: 'remove' | 'unpause'): SimulatedEngine['work'] {
    const fails = this.refusals > 0;
    if (fails) this.refusals -= 1;
    return { kind, left: 1, fails };
  }

  private noteReplacement(): void {
    const sinceMs = this.lastReplacement === null ? Infinity : this.now - this.lastReplacement;
    must(sinceMs >= this.limits.replacementCooldownMs, 'ENGINE_REPLACEMENT_COOLDOWN is kept');
    this.replacedAt = this.now;
    this.lastReplacement = this.now;
  }

  private advance(request: Request): void {
    if (request.left > 0) {
      request.left -= 1;
      return;
    }
    this.requests.splice(this.requests.indexOf(request), 1);
    if (request.fails) this.blockedSteps = 2;
    else this.engines.push(this.make('running', request.replaces));
  }

  private make(phase: FleetEngine['phase'], replaces: string | null): SimulatedEngine {
    const id = `e${String((this.nextId += 1)).padStart(4, '0')}`;
    const open = VPNS.filter((vpn) => !this.down.has(vpn));
    const vpn = open[this.nextId % Math.max(1, open.length)] ?? 'x';
    const boot = this.starts === 'hang' ? Infinity : 1;
    const made = new SimulatedEngine({ id, vpn, createdAt: this.now, replaces, phase, boot });
    made.forwarded = !this.engines.some((one) => one.vpn === vpn && one.forwarded && !one.isGone);
    return made;
  }

  private live(engine: SimulatedEngine): void {
    if (engine.isGone) {
      engine.missedListings += 1;
      if (engine.missedListings > 2) this.engines.splice(this.engines.indexOf(engine), 1);
      return;
    }
    if (engine.isRemovedNow()) this.engines.splice(this.engines.indexOf(engine), 1);
    else engine.live(this.now, this.down);
  }

  /** The process crashes and starts again: its memory is lost, and a request may be left half done. */
  private crash(): void {
    const half = this.requests.splice(0)[0];
    if (half !== undefined) this.engines.push(this.make('created', null));
    this.waiters = [];
    this.requested = 0;
    this.scaledTo = null;
    this.replacedAt = null;
    this.lastReplacement = null;
    for (const engine of this.engines) {
      engine.streams = 0;
      engine.leaving = 0;
      engine.idleSince = this.now;
      engine.drainedBy = null;
      engine.work = null;
      if (engine.boot === Infinity) engine.upSince = this.now;
    }
  }

  private leave(engine: SimulatedEngine): void {
    for (; engine.streams > 0; engine.streams -= 1) this.waiters.push(0);
    engine.leaving = 0;
    engine.idleSince = this.now;
    this.serve();
  }

  private serve(): void {
    for (const engine of this.engines) {
      const isOpen = engine.state === 'healthy' && !engine.isGone && engine.phase === 'running';
      while (
        isOpen &&
        this.waiters.length > 0 &&
        engine.streams < this.limits.maxStreamsPerEngine
      ) {
        this.waiters.shift();
        engine.streams += 1;
        engine.starts += 1;
      }
    }
  }
}

function targetsOfEnd(actions: readonly FleetAction[]): string[] {
  return actions.flatMap((one) =>
    one.kind === 'remove' || one.kind === 'drain' ? [one.engineId] : [],
  );
}

function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`broken: ${what}`);
}
