import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../../../config';
import { JobHandler, Jobs } from '../../../coordination';
import { EventBus } from '../../../events';
import { monotonicMs } from '../../../kernel/clock';
import { LiveStreams } from '../live-streams';
import { UploadAlarm } from './upload-alarm';

const MEASURE_MS = 10_000;

/**
 * Reports engines that upload more than ENGINE_MAX_UPLOAD_BPS. Not every engine keeps to its limit, and the uplink of a
 * household is easily filled. The speed of an engine is the sum over the live streams that it plays, from the statistics
 * that streams request anyway.
 */
@Injectable()
export class UploadWatch implements OnModuleInit {
  private readonly logger = new Logger(UploadWatch.name);
  /** By engine id. An engine without streams and without an alarm has none. */
  private readonly alarms = new Map<string, UploadAlarm>();

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'engineMaxUploadBps'>,
    @Inject(LiveStreams) private readonly streams: Pick<LiveStreams, 'list'>,
    private readonly jobs: Jobs,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.jobs.every('engine.uploads', MEASURE_MS);
  }

  @JobHandler('engine.uploads')
  measure(): Promise<void> {
    const limitBps = this.config.engineMaxUploadBps;
    if (limitBps === 0 && this.alarms.size === 0) return Promise.resolve();
    const speeds = this.speeds();
    for (const engineId of new Set([...speeds.keys(), ...this.alarms.keys()])) {
      this.judge(engineId, speeds.get(engineId) ?? 0, limitBps);
    }
    return Promise.resolve();
  }

  private judge(engineId: string, uploadBps: number, limitBps: number): void {
    const alarm = this.alarms.get(engineId) ?? new UploadAlarm();
    this.alarms.set(engineId, alarm);
    const hasChanged = alarm.measured(uploadBps, limitBps, monotonicMs());
    if (hasChanged && alarm.isRaised) {
      const facts = { engine_id: engineId, upload_bps: uploadBps, limit_bps: limitBps };
      this.logger.warn(facts, 'the engine uploads more than ENGINE_MAX_UPLOAD_BPS');
      this.events.publish('engine_upload_exceeded', facts);
    } else if (hasChanged) {
      this.events.publish('engine_upload_normal', { engine_id: engineId, upload_bps: uploadBps });
    }
    if (uploadBps === 0 && !alarm.isRaised) this.alarms.delete(engineId);
  }

  /** Upload speeds in bits per second, by engine id. */
  private speeds(): Map<string, number> {
    const speeds = new Map<string, number>();
    for (const { observation } of this.streams.list()) {
      const { stat: sample } = observation;
      if (sample === null) continue;
      const bps = (sample.stat.speedUpKBps ?? 0) * 8000;
      speeds.set(sample.engineId, (speeds.get(sample.engineId) ?? 0) + bps);
    }
    return speeds;
  }
}
