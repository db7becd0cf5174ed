import { monotonicMs } from '../../kernel/clock';
import type { JoinPoint, RingLimits } from '../buffer';
import { StreamHistory } from '../upstream';
import { BacklogScheduler, StreamFanout, Viewer, type LeaveReason } from '../viewers';
import { Loopback, type Pair } from './loopback.spec-support';

export interface Jump {
  readonly viewer: Viewer;
  readonly skippedBytes: number;
  readonly lagMs: number;
}

export interface StageSettings extends RingLimits {
  readonly joinBehindMs: number;
  readonly maxLagMs: number;
  readonly stallTimeoutMs: number;
}

const DEFAULTS: StageSettings = {
  maxBytes: 128 * 1024 * 1024,
  maxAgeMs: 600_000,
  joinBehindMs: 1000,
  maxLagMs: 20_000,
  stallTimeoutMs: 15_000,
};

export interface Watcher extends Pair {
  readonly viewer: Viewer;
}

/** A fan-out with a real history and real sockets. It records the calls that the fan-out makes to its stream. */
export class FanoutStage {
  readonly history: StreamHistory;
  readonly fanout: StreamFanout;
  readonly backlog = new BacklogScheduler();
  readonly cut: { viewer: Viewer; reason: LeaveReason }[] = [];
  readonly jumps: Jump[] = [];
  readonly paused = new Set<Viewer>();
  private viewers = 0;

  private constructor(
    private readonly loopback: Loopback,
    settings: StageSettings,
  ) {
    this.history = new StreamHistory(settings);
    this.fanout = new StreamFanout(this.history, this.backlog, settings, {
      fault: (error) => {
        throw error;
      },
      cutViewer: (viewer, reason) => {
        viewer.leaveReason = reason;
        this.fanout.detach(viewer);
        this.cut.push({ viewer, reason });
      },
      viewerPaused: (viewer, isPaused) => {
        if (isPaused) this.paused.add(viewer);
        else this.paused.delete(viewer);
      },
      viewerJumped: (viewer, skippedBytes, lagMs) => {
        this.jumps.push({ viewer, skippedBytes, lagMs });
      },
    });
  }

  static async open(settings: Partial<StageSettings> = {}): Promise<FanoutStage> {
    return new FanoutStage(await Loopback.open(), { ...DEFAULTS, ...settings });
  }

  /** Appends media and flushes them to the viewers. */
  feed(media: Buffer): void {
    this.history.append(media, 0, media.length, monotonicMs());
    this.fanout.flush();
  }

  /** Attaches a viewer. With `isReading` false its socket reads nothing until `read()`, so that the kernel buffers fill. */
  async watch(options: { point?: JoinPoint; isReading?: boolean } = {}): Promise<Watcher> {
    const pair = await this.loopback.pair();
    const id = `viewer-${this.viewers++}`;
    const viewer = new Viewer({
      id,
      ip: '127.0.0.1',
      userAgent: '',
      path: '/',
      user: null,
      device: '',
    });
    const point = options.point ?? this.history.firstJoinPoint();
    if (point === null) throw new Error('the history has no join point');
    if (options.isReading !== false) pair.read();
    this.fanout.attach(viewer, pair.near, point, monotonicMs());
    return { ...pair, viewer };
  }

  close(): void {
    this.fanout.close();
    this.backlog.onModuleDestroy();
    this.loopback.close();
  }
}
