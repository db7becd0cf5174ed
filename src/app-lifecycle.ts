import { Inject, Injectable, Logger } from '@nestjs/common';
import { type EndSignal, exitCodeOf } from './app-signals';
import { type AppConfig, CONFIG } from './config';
import { EngineSupply } from './engines';
import { ReadinessGate } from './health';
import { settlesWithin } from './kernel/wait';
import { LogOutput } from './logging';
import { StreamShutdown } from './proxy';
import { PushHub } from './push';

/** The phases of the shutdown in their order, and the longest time of each in ms. */
const PHASE_LIMITS = {
  /** After SHUTDOWN_DRAIN: engine sessions are stopped within 3 s, plus a margin. */
  end_streams: 5_000,
  /** Runs beside `end_streams`: a runtime without an answer so far may need this long. */
  list_remaining_engines: 3_000,
  /** Nest's hooks. In sequence: stops of engine sessions (3 s), removal of engines (6 s), late starts (3 s). */
  close_modules: 13_000,
  flush_log: 1_000,
} as const;

export type ShutdownPhase = keyof typeof PHASE_LIMITS;

/** Time for the last log lines after an unexpected fault. */
const FAULT_FLUSH_MS = 500;

/**
 * The end of the process. On the first signal, readiness answers 503, new viewers are refused, and present viewers
 * get media for SHUTDOWN_DRAIN and are then reset; then engine sessions are stopped and everything closes. A phase
 * that exceeds its limit is logged and does not hold up the next one. The second signal ends the process at once.
 */
@Injectable()
export class Lifecycle {
  private readonly logger = new Logger('Shutdown');
  private isEnding = false;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'shutdownDrainMs'>,
    @Inject(ReadinessGate) private readonly readiness: Pick<ReadinessGate, 'closeForShutdown'>,
    @Inject(EngineSupply) private readonly engines: Pick<EngineSupply, 'hold' | 'farewell'>,
    @Inject(StreamShutdown) private readonly streams: Pick<StreamShutdown, 'drain' | 'abortNow'>,
    @Inject(PushHub) private readonly push: Pick<PushHub, 'close'>,
    @Inject(LogOutput) private readonly output: Pick<LogOutput, 'flush'>,
  ) {}

  /**
   * Resolves with the exit code of the process: 0, or 1 if a phase failed or exceeded its limit.
   *
   * @param closeModules calls Nest's shutdown hooks
   */
  async end(signal: EndSignal, closeModules: () => Promise<void>): Promise<number> {
    if (this.isEnding) {
      this.streams.abortNow();
      return exitCodeOf(signal);
    }
    this.isEnding = true;
    const drainMs = this.config.shutdownDrainMs;
    this.logger.log(`${signal}: ending; viewers receive media for another ${drainMs / 1000} s`);
    // Load balancers need the time of the drain to react.
    this.readiness.closeForShutdown();
    this.engines.hold();
    // Panels connect again at once to the process that takes over.
    this.push.close();
    const [haveStreamsEnded] = await Promise.all([
      this.run('end_streams', this.streams.drain(drainMs), drainMs),
      // Now and not at the end, because an impatient operator sends the second signal before that.
      this.run('list_remaining_engines', this.logRemainingEngines()),
    ]);
    const haveModulesClosed = await this.run('close_modules', closeModules());
    await this.run('flush_log', this.output.flush(PHASE_LIMITS.flush_log));
    return haveStreamsEnded && haveModulesClosed ? 0 : 1;
  }

  /** After an unexpected fault: resets viewers, tells engines and writes the last log lines, as far as there is time. */
  async abort(): Promise<void> {
    try {
      this.streams.abortNow();
    } finally {
      await this.output.flush(FAULT_FLUSH_MS);
    }
  }

  private async logRemainingEngines(): Promise<void> {
    const line = await this.engines.farewell();
    if (line !== null) this.logger.log(line);
  }

  /** True if the phase succeeded within its limit, which counts from the end of the drain. */
  private async run(phase: ShutdownPhase, work: Promise<void>, drainMs = 0): Promise<boolean> {
    const limitMs = drainMs + PHASE_LIMITS[phase];
    let hasFailed = false;
    const done = work.catch((error: unknown) => {
      hasFailed = true;
      this.logger.error({ err: error }, `the shutdown phase ${phase} failed`);
    });
    const isInTime = await settlesWithin(done, limitMs);
    if (!isInTime) {
      this.logger.warn(`the shutdown phase ${phase} is not over after ${limitMs / 1000} s`);
    }
    return isInTime && !hasFailed;
  }
}
