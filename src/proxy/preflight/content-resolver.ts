import { Injectable } from '@nestjs/common';
import { AceEngineClient, EngineFault, type ContentResolution } from '../../ace';
import { EngineRegistry, EngineScheduler } from '../../engines';
import type { SourceSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { ContentAliases, otherForm } from '../live';
import { isUsable } from './engine-room';

const MAX_ENGINES = 2;
/** Engines need about 4.7 s to report that a content is unknown. */
const ANSWER_MS = 10_000;

export interface ResolvedContent {
  readonly resolution: ContentResolution;
  /** The id under which the engine found the content: the requested one, or its other form (content id, infohash). */
  readonly selector: SourceSelector;
  readonly engineId: string;
}

/**
 * Asks an engine what a content is, without opening an engine session. This disturbs no stream, even on an engine
 * whose slots are all in use.
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
   * @throws AppError `content_not_found`; `no_engine` if no engine is usable; `engine_failed` if no engine gave a
   *   usable answer; else the reason of `signal`
   */
  async resolve(content: SourceSelector, signal: AbortSignal): Promise<ResolvedContent> {
    const usable = this.scheduler
      .explain()
      .assessments.filter(({ candidate }) => isUsable(candidate))
      .slice(0, MAX_ENGINES);
    if (usable.length === 0) throw new AppError('no_engine', 'No engine is healthy.');
    let last: unknown = null;
    for (const { candidate } of usable) {
      try {
        return await this.ask(candidate.id, content, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof EngineFault)) throw error;
        // An engine without network knows no content, so its answer proves nothing.
        if (error.kind === 'content' && this.engines.isNetworkConnected(candidate.id)) {
          const detail = `The engine does not know this content (${error.detail}).`;
          throw new AppError('content_not_found', detail);
        }
        last = error;
      }
    }
    const reason = last instanceof Error ? last.message : 'no answer';
    throw new AppError('engine_failed', `No engine gave a usable answer; last: ${reason}.`);
  }

  /**
   * Returns the first content that an engine knows and does not report as recorded, or else the first one that it
   * knows.
   *
   * @throws AppError `content_not_found` if engines know none of them; the error of `resolve` if that is uncertain
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
