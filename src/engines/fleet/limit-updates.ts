import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { AceEngineClient, EngineFault } from '../../ace';
import { CONFIG } from '../../config';
import { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import { PendingWork } from '../../kernel/pending-work';
import {
  engineSettings,
  settingsChange,
  settingsText,
  startedSettings,
  type LimitConfig,
} from '../drivers/containers/engine-limits';
import { EngineRuntime } from '../drivers/engine-runtime.port';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';

const ANSWER_MS = 5000;
const RETRY_MS = 30_000;

/** The settings of one process of an engine. */
interface KnownSettings {
  readonly incarnation: string | null;
  readonly token: string | null;
  /** The settings that it has. */
  text: string;
  /** The settings that it cannot be given; null: none. */
  refused: string | null;
  isChanging: boolean;
  /** Monotonic time before which it is not asked again. */
  retryAtMs: number;
}

/**
 * Gives running engines the limits of ENGINE_MAX_DOWNLOAD_BPS, ENGINE_MAX_UPLOAD_BPS and ENGINE_LIVE_BUFFER after a
 * change, without replacing them. An engine that cannot be changed while it runs is outdated: the fleet replaces it when
 * it plays nothing.
 */
@Injectable()
export class LimitUpdates implements OnApplicationShutdown {
  private readonly logger = new Logger(LimitUpdates.name);
  private readonly known = new Map<string, KnownSettings>();
  private readonly pending = new PendingWork();
  private readonly closing = new AbortController();

  constructor(
    @Inject(CONFIG) private readonly config: LimitConfig,
    private readonly runtime: EngineRuntime,
    private readonly registry: EngineRegistry,
    @Inject(AceEngineClient) private readonly ace: Pick<AceEngineClient, 'changeSettings'>,
    private readonly events: EventBus,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.closing.abort();
    await this.pending.settled();
  }

  /** Begins to change the engines whose limits differ from the settings. */
  review(): void {
    if (!this.runtime.takesLimits || this.closing.signal.aborted) return;
    // Who runs an external engine decides on its limits.
    const engines = this.registry.list().filter(({ isExternal }) => !isExternal);
    const ids = new Set(engines.map(({ id }) => id));
    for (const id of [...this.known.keys()]) if (!ids.has(id)) this.known.delete(id);
    const text = this.wantedText;
    for (const engine of engines) {
      const known = this.settingsOf(engine);
      const isDone = known.text === text || known.refused === text || known.isChanging;
      if (isDone || engine.answered !== true || monotonicMs() < known.retryAtMs) continue;
      known.isChanging = true;
      this.pending.add(this.change(engine, known, text).finally(() => (known.isChanging = false)));
    }
  }

  /** True if the engine lacks the present limits and cannot be given them while it runs. */
  isOutdated(engineId: string): boolean {
    return this.runtime.takesLimits && this.known.get(engineId)?.refused === this.wantedText;
  }

  /** Resolves when no engine is being changed. */
  settled(): Promise<void> {
    return this.pending.settled();
  }

  private get wantedText(): string {
    return settingsText(engineSettings(this.config));
  }

  private settingsOf({ id, incarnation, labels }: Engine): KnownSettings {
    const known = this.known.get(id);
    if (known?.incarnation === incarnation) return known;
    const started = startedSettings(labels);
    const fresh: KnownSettings = {
      incarnation,
      token: started?.token ?? null,
      text: started?.text ?? '',
      refused: null,
      isChanging: false,
      retryAtMs: 0,
    };
    this.known.set(id, fresh);
    return fresh;
  }

  private async change(engine: Engine, known: KnownSettings, text: string): Promise<void> {
    const wanted = settingsChange(known.text, engineSettings(this.config));
    try {
      const isChanged =
        wanted !== null &&
        known.token !== null &&
        (await this.ace.changeSettings(engine.endpoint, known.token, wanted, {
          timeoutMs: ANSWER_MS,
          signal: this.closing.signal,
        }));
      if (isChanged) known.text = text;
      else known.refused = text;
      this.events.publish('engine_limits_changed', {
        engine_id: engine.id,
        limits: text,
        result: isChanged ? 'applied' : 'replaced_when_idle',
      });
    } catch (error) {
      known.retryAtMs = monotonicMs() + RETRY_MS;
      if (this.closing.signal.aborted || error instanceof EngineFault) return;
      this.logger.error({ err: error, engine_id: engine.id }, 'changing the limits failed');
    }
  }
}
