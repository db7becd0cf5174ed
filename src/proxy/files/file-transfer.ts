import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { EngineFault, type FilePart } from '../../ace';
import type { AppConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import type { SlotLease } from '../../engines';
import { AppError } from '../../kernel/errors';
import { BodyPump, endAnswer, type PumpEnd } from './body-pump';
import { continuesSpan, remainingRange } from './byte-range';
import { fileHeadOf, isSameFile, type FileHead } from './file-head';
import { EngineFailures, preempted, type FileSource, type SlotWanted } from './file-source';

/** The slot to request when the viewer has received a part of the file and waits for the rest. */
const CONTINUATION: SlotWanted = { class: 'failover', waitFor: 'answer' };

export interface TransferEvents {
  /** Called with the facts about the file, before the head is sent to the viewer. */
  headKnown(head: FileHead): void;
  /** Called before bytes are written to the viewer's connection. */
  delivered(bytes: number): void;
  /** Called when the answer continues with another response, of the same engine or of another one. */
  continued(): void;
}

/**
 * How a transfer ended after the head was sent. `failed`: no engine could send the rest. `gone`: the viewer has left.
 */
export type TransferEnd = 'finished' | 'paused' | 'failed' | 'gone';

/** How long a viewer that pauses keeps its connection and its slot. */
const PAUSE_MS = 30 * 60_000;
const MAX_START_TRIES = 4;
const MAX_CONTINUATION_TRIES = 4;
/** After this many breaks with less than PROGRESS_BYTES between them, the next break ends the transfer. */
const MAX_BREAKS = 5;
/**
 * After this many bytes without a break, breaks are counted anew, because a file that plays for hours may have many.
 */
const PROGRESS_BYTES = 2 * 1024 * 1024;

/**
 * Answers one request for a part of a file: opens the part on an engine, sends the head, and passes the body on. If the
 * engine fails, requests the rest, from the first byte that was not delivered.
 */
export class FileTransfer {
  readonly failures = new EngineFailures();
  private delivered = 0;
  private breaks = 0;
  private lastBreakAt = 0;

  constructor(
    private readonly part: FilePart,
    private readonly source: FileSource,
    /** What the request for the first slot may wait for. Not used if an engine session is open already. */
    private readonly waitFor: SlotWanted['waitFor'],
    private readonly events: TransferEvents,
    private readonly config: AppConfig,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Runs the transfer to its end.
   *
   * @param sendHead sends the head, and returns the stream to which the body is written; null if the connection is
   *   closed
   * @throws AppError, only before the head is sent; afterwards the result tells how the transfer ended
   */
  async run(sendHead: (head: FileHead) => Writable | null): Promise<TransferEnd> {
    let body = await this.openFirst();
    const head = fileHeadOf(body.statusCode ?? 0, body.headers);
    this.events.headKnown(head);
    const sink = sendHead(head);
    if (sink === null) {
      body.destroy();
      return 'gone';
    }
    for (;;) {
      const end = head.status === 416 ? 'end' : await this.pump(body, sink);
      if (this.isGone()) return 'gone';
      if (end === 'paused') return 'paused';
      if (end === 'end' && !this.isShort(head)) {
        body.destroy();
        return endAnswer(sink, PAUSE_MS, this.signal);
      }
      const next = await this.continueAfter(head, end);
      if (next === null) return this.isGone() ? 'gone' : 'failed';
      this.events.continued();
      body = next;
    }
  }

  private isGone(): boolean {
    return this.signal.aborted;
  }

  /** True if bytes are missing. A body without `Content-Length` may end early without an error of the connection. */
  private isShort({ span }: FileHead): boolean {
    return span !== null && this.delivered < span.end - span.start;
  }

  private async pump(body: IncomingMessage, sink: Writable): Promise<PumpEnd> {
    const pump = new BodyPump(
      body,
      sink,
      {
        firstByteMs: Math.max(this.config.proxyInitTimeoutMs, this.config.proxyStallTimeoutMs),
        silenceMs: this.config.proxyStallTimeoutMs,
        pauseMs: PAUSE_MS,
      },
      (bytes) => {
        this.delivered += bytes;
        this.events.delivered(bytes);
      },
      monotonicMs,
      this.source,
    );
    const stop = (): void => pump.stop();
    const revoked = this.source.lease?.revoked;
    const signals = revoked === undefined ? [this.signal] : [this.signal, revoked];
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
    pump.start();
    if (signals.some(({ aborted }) => aborted)) pump.stop();
    const end = await pump.ended;
    for (const signal of signals) signal.removeEventListener('abort', stop);
    return end;
  }

  /** Requests the part from the open engine session, or else from the first engine that can play the content. */
  private async openFirst(): Promise<IncomingMessage> {
    const { source, failures } = this;
    let untilMs: number | null = null;
    for (let tries = 1; ; tries += 1) {
      const lease = source.lease ?? (await this.acquireFirst(untilMs));
      untilMs ??= monotonicMs() + this.config.proxyInitTimeoutMs;
      try {
        return await source.open(this.part, untilMs, this.signal);
      } catch (error) {
        this.signal.throwIfAborted();
        // A start whose slot was preempted must not acquire another slot.
        if (lease.isPreempted) throw preempted(lease);
        failures.last = source.blame(error, lease).detail;
        if (error instanceof EngineFault && error.kind === 'unsupported') {
          throw new AppError('unsupported_content', `The content is ${error.detail}.`);
        }
        if (monotonicMs() >= untilMs) throw this.startTimeout();
        if (tries >= MAX_START_TRIES) break;
        // A lost engine session does not prove that its engine is at fault, so that engine is asked once more.
        const isRetry = error instanceof EngineFault && isLostSession(error) && tries === 1;
        if (!isRetry) failures.engines.add(lease.engineId);
        source.drop();
        if (isRetry) await source.stopped();
      }
    }
    throw failures.toError();
  }

  /**
   * Acquires an engine before the head is sent. The first call may wait for a slot as long as the scheduler allows.
   * Later calls, which pass the end of the start budget as `untilMs`, may wait only until then.
   */
  private async acquireFirst(untilMs: number | null): Promise<SlotLease> {
    const wanted: SlotWanted = { class: 'start', waitFor: this.waitFor };
    if (untilMs === null) return this.source.acquire(this.failures, wanted, this.signal);
    const deadline = AbortSignal.timeout(Math.ceil(Math.max(1, untilMs - monotonicMs())));
    const signal = AbortSignal.any([this.signal, deadline]);
    try {
      return await this.source.acquire(this.failures, wanted, signal);
    } catch (error) {
      this.signal.throwIfAborted();
      throw deadline.aborted ? this.startTimeout() : error;
    }
  }

  private startTimeout(): AppError {
    const { last } = this.failures;
    return new AppError(
      'start_timeout',
      `No media arrived within the start budget. The last failure was: ${last}.`,
    );
  }

  /**
   * Requests the rest of the body: from the same engine if only the connection broke, else from another one. Returns
   * null if no engine can send it.
   */
  private async continueAfter(head: FileHead, end: PumpEnd): Promise<IncomingMessage | null> {
    const { span } = head;
    if (this.delivered - this.lastBreakAt >= PROGRESS_BYTES) this.breaks = 0;
    this.lastBreakAt = this.delivered;
    this.breaks += 1;
    this.failures.last = END_DESCRIPTIONS[end];
    if (span === null || this.breaks > MAX_BREAKS) return null;
    const untilMs = monotonicMs() + this.config.proxyOutageBudgetMs;
    const isStrong = head.etag !== null && !head.etag.startsWith('W/');
    const remainder: FilePart = {
      range: remainingRange(span, this.delivered),
      ifRange: isStrong ? head.etag : null,
    };
    const { source } = this;
    if (end === 'silent') source.complainOfSilence();
    if (end === 'silent' || source.lease?.isRevoked === true) this.leave();
    for (let tries = 1; tries <= MAX_CONTINUATION_TRIES; tries += 1) {
      let { lease } = source;
      try {
        lease ??= await this.acquireAgain();
        const body = await source.open(remainder, untilMs, this.signal);
        const answer = fileHeadOf(body.statusCode ?? 0, body.headers);
        if (continuesSpan(span, this.delivered, answer.span) && isSameFile(head, answer))
          return body;
        // The engine does not support ranges, or it has another file.
        body.destroy();
        this.failures.last = 'an answer that does not continue the file';
      } catch (error) {
        if (this.signal.aborted || lease === null || monotonicMs() >= untilMs) return null;
        this.failures.last = source.blame(error, lease).detail;
      }
      this.leave();
    }
    return null;
  }

  /** Drops the engine session, and excludes its engine for this request. */
  private leave(): void {
    const { lease } = this.source;
    if (lease !== null) this.failures.engines.add(lease.engineId);
    this.source.drop();
  }

  /** Acquires another engine. If there is none, acquires one that has failed before, because it may have recovered. */
  private async acquireAgain(): Promise<SlotLease> {
    try {
      return await this.source.acquire(this.failures, CONTINUATION, this.signal);
    } catch (error) {
      if (this.signal.aborted || this.failures.engines.size === 0) throw error;
      this.failures.engines.clear();
      await this.source.stopped();
      return this.source.acquire(this.failures, CONTINUATION, this.signal);
    }
  }
}

/** How each end of a body is described in error texts. */
const END_DESCRIPTIONS: Readonly<Record<PumpEnd, string>> = {
  end: 'an end before the file was complete',
  broken: 'a broken connection',
  silent: 'silence',
  paused: 'a pause',
  stopped: 'the engine was withdrawn',
};

function isLostSession({ kind, reason }: EngineFault): boolean {
  return kind === 'session' || reason === 'reset';
}
