import type { IncomingMessage } from 'node:http';
import type { AppConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { UpstreamReader, type StreamIngest } from '../upstream';
import type { Attempt } from './session.types';
import type { SourceFate } from './start-outcome';

export interface SourceEnd {
  readonly why: SourceFate;
  /** It had delivered media. */
  readonly flowed: boolean;
}

/** Reads one source of a stream after the other, and remembers how the last one went. */
export class SourceReading {
  reader: UpstreamReader | null = null;
  /** Times that a running stream was given a new source. */
  failovers = 0;
  private flowingSinceMs: number | null = null;

  constructor(
    private readonly ingest: StreamIngest,
    private readonly config: AppConfig,
    private readonly isRunning: () => boolean,
  ) {}

  /**
   * Reads until the source ends.
   *
   * @param deadlineMs monotonic time by which media have to have come
   * @throws the signal's reason; the error inside the proxy that ended it
   */
  async read(
    response: IncomingMessage,
    deadlineMs: number,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<SourceEnd> {
    attempt.outcome = 'playing';
    const reader = new UpstreamReader(
      response,
      this.ingest,
      { silenceMs: this.config.proxyStallTimeoutMs, firstMediaDeadlineMs: deadlineMs },
      monotonicMs,
    );
    const onAbort = (): void => reader.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (this.isRunning()) this.failovers++;
    this.reader = reader;
    this.flowingSinceMs = monotonicMs();
    reader.start();
    const why = await reader.ended;
    signal.removeEventListener('abort', onAbort);
    this.reader = null;
    if (why === 'fault') throw reader.fault;
    if (why === 'aborted') {
      signal.throwIfAborted();
      return { why: 'reset', flowed: reader.isFlowing };
    }
    if (!reader.isFlowing) this.flowingSinceMs = null;
    return { why, flowed: reader.isFlowing };
  }

  /** Whether the last source had flowed for so long that what was before does not count; told once. */
  takeFlowedStably(): boolean {
    const since = this.flowingSinceMs;
    this.flowingSinceMs = null;
    return since !== null && monotonicMs() - since >= this.config.proxyStableAfterMs;
  }
}
