import { Injectable } from '@nestjs/common';
import { AceEngineClient, EngineFault, type ContentResolution } from '../../ace';
import { EngineRegistry, EngineScheduler } from '../../engines';
import type { SourceSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { ContentAliases, otherForm } from '../live';
import { answers } from './engine-room';

const MAX_ENGINES = 2;
/** An unknown content takes an engine about 4.7 s (AL). */
const ANSWER_MS = 10_000;

export interface ResolvedContent {
  readonly resolution: ContentResolution;
  /** The form of id that the engine knew. */
  readonly selector: SourceSelector;
  readonly engineId: string;
}

/**
 * Finds out what a content is without opening an engine session: safe for whatever plays, on a full engine
 * as well as on an idle one.
 */
@Injectable()
export class ContentResolver {
  constructor(
    private readonly ace: AceEngineClient,
    private readonly engines: EngineRegistry,
    private readonly scheduler: EngineScheduler,
    private readonly aliases: ContentAliases,
  ) {}

  /**
   * @throws AppError `content_not_found`; `no_engine` when none works; `engine_failed` when those that were
   *   asked gave no answer that says anything. The reason of `signal`.
   */
  async resolve(content: SourceSelector, signal: AbortSignal): Promise<ResolvedContent> {
    const working = this.scheduler
      .explain()
      .assessments.filter(({ candidate }) => answers(candidate))
      .slice(0, MAX_ENGINES);
    if (working.length === 0) throw new AppError('no_engine', 'No engine works now.');
    let last: unknown = null;
    for (const { candidate } of working) {
      try {
        return await this.ask(candidate.id, content, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof EngineFault)) throw error;
        // An engine that is cut off from its network knows nothing about any content.
        if (error.kind === 'content' && this.engines.isNetworkConnected(candidate.id)) {
          const detail = `The engine does not know this content (${error.detail}).`;
          throw new AppError('content_not_found', detail);
        }
        last = error;
      }
    }
    const words = last instanceof Error ? last.message : 'nothing said';
    throw new AppError('engine_failed', `No engine could tell; the last said ${words}.`);
  }

  /**
   * The first of several contents, in this order, that is known and live; else the first that is known.
   *
   * @throws AppError `content_not_found` when none is known; else as `resolve` does
   */
  async resolveFirst(
    contents: readonly SourceSelector[],
    signal: AbortSignal,
  ): Promise<ResolvedContent> {
    let recorded: ResolvedContent | null = null;
    let worst: unknown = null;
    for (const content of contents) {
      try {
        const found = await this.resolve(content, signal);
        if (found.resolution.isLive !== 0) return found;
        recorded ??= found;
      } catch (error) {
        signal.throwIfAborted();
        const isUnknown = error instanceof AppError && error.code === 'content_not_found';
        if (worst === null || !isUnknown) worst = error;
      }
    }
    if (recorded === null) throw worst;
    return recorded;
  }

  private async ask(
    engineId: string,
    content: SourceSelector,
    signal: AbortSignal,
  ): Promise<ResolvedContent> {
    const engine = this.engines.get(engineId);
    if (engine === undefined) throw new EngineFault('engine', 'gone', 'the engine is gone');
    const ask = async (selector: SourceSelector): Promise<ResolvedContent> => {
      const call = { timeoutMs: ANSWER_MS, signal };
      const resolution = await this.ace.resolve(engine.endpoint, selector, call);
      if (selector.kind === 'content_id') {
        this.aliases.remember(selector.value, resolution.infohash);
      }
      return { resolution, selector, engineId };
    };
    try {
      return await ask(content);
    } catch (error) {
      const isUnknown = error instanceof EngineFault && error.kind === 'content';
      const other = otherForm(content);
      if (!isUnknown || other === null) throw error;
      try {
        return await ask(other);
      } catch {
        throw error;
      }
    }
  }
}
