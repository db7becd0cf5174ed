import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { EngineFault, type FilePart } from '../../ace';
import type { AppConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import type { SlotLease } from '../../engines';
import { AppError } from '../../kernel/errors';
import { BodyPump, endAnswer, type PumpEnd } from './body-pump';
import { carriesOn, rangeOfRest } from './byte-range';
import { fileHeadOf, isSameFile, type FileHead } from './file-head';
import { EngineFailures, preempted, type FileSource, type SlotWanted } from './file-source';

/** The viewer has a part of the file, and waits for the rest. */
const NEXT: SlotWanted = { class: 'failover', waitFor: 'answer' };

export interface TransferEvents {
  /** The file is known to be this; told before the viewer is. */
  headKnown(head: FileHead): void;
  /** Bytes were handed to the viewer's connection. */
  delivered(bytes: number): void;
  /** The viewer's answer goes on from another source, or from the same one opened again. */
  wentOn(): void;
}

/** How it ended after the head was out. */
export type TransferEnd = 'finished' | 'paused' | 'failed' | 'gone';

/** A viewer that pauses keeps its connection and its slot for this long. */
const PAUSE_MS = 30 * 60_000;
const MAX_START_TRIES = 4;
const MAX_TRIES_TO_GO_ON = 4;
/** Breaks in a row that are bridged … */
const MAX_BREAKS = 5;
/** … with less than this between them; a file that plays for hours may break often. */
const PROGRESS_BYTES = 2 * 1024 * 1024;

/**
 * One answer to one request for a part of a file: opens it on an engine, sends the head, passes the body on, and continues
 * from the byte that was reached when an engine breaks off.
 */
export class FileTransfer {
  readonly failures = new EngineFailures();
  private delivered = 0;
  private breaks = 0;
  private brokeAt = 0;

  constructor(
    private readonly part: FilePart,
    private readonly source: FileSource,
    /** For the first engine session, if none is open. */
    private readonly waitFor: SlotWanted['waitFor'],
    private readonly events: TransferEvents,
    private readonly config: AppConfig,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @param sendHead sends the head and gives what the body goes to; null when the viewer's connection is gone
   * @throws AppError before the head is out; afterwards the end says it
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
      const next = await this.goOn(head, end);
      if (next === null) return this.isGone() ? 'gone' : 'failed';
      this.events.wentOn();
      body = next;
    }
  }

  private isGone(): boolean {
    return this.signal.aborted;
  }

  /** Framed without a length, the body may end before the part does. */
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

  /** The answer to the request, from the engine session that is open or from the first engine that has the content. */
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
        // A start whose slot was preempted must not acquire another one.
        if (lease.isPreempted) throw preempted(lease);
        failures.last = source.blame(error, lease).detail;
        if (error instanceof EngineFault && error.kind === 'unsupported') {
          throw new AppError('unsupported_content', `The content is ${error.detail}.`);
        }
        if (monotonicMs() >= untilMs) throw this.tooLate();
        if (tries >= MAX_START_TRIES) break;
        // A lost session says nothing about its engine, which is asked once more.
        const isOnceMore = error instanceof EngineFault && isOfSession(error) && tries === 1;
        if (!isOnceMore) failures.engines.add(lease.engineId);
        source.drop();
        if (isOnceMore) await source.stopped();
      }
    }
    throw failures.asError();
  }

  /** The fleet decides how long to wait for the first engine. Then the start budget runs, waits for other engines included. */
  private async acquireFirst(untilMs: number | null): Promise<SlotLease> {
    const wanted: SlotWanted = { class: 'start', waitFor: this.waitFor };
    if (untilMs === null) return this.source.acquire(this.failures, wanted, this.signal);
    const deadline = AbortSignal.timeout(Math.ceil(Math.max(1, untilMs - monotonicMs())));
    const signal = AbortSignal.any([this.signal, deadline]);
    try {
      return await this.source.acquire(this.failures, wanted, signal);
    } catch (error) {
      this.signal.throwIfAborted();
      throw deadline.aborted ? this.tooLate() : error;
    }
  }

  private tooLate(): AppError {
    const { last } = this.failures;
    return new AppError('start_timeout', `No media within the start budget; last: ${last}.`);
  }

  /** The rest of the body, from the same engine when it only broke off, else from another. Null: there is none. */
  private async goOn(head: FileHead, end: PumpEnd): Promise<IncomingMessage | null> {
    const { span } = head;
    if (this.delivered - this.brokeAt >= PROGRESS_BYTES) this.breaks = 0;
    this.brokeAt = this.delivered;
    this.breaks += 1;
    this.failures.last = WORDS_OF_END[end];
    if (span === null || this.breaks > MAX_BREAKS) return null;
    const untilMs = monotonicMs() + this.config.proxyOutageBudgetMs;
    const isStrong = head.etag !== null && !head.etag.startsWith('W/');
    const rest: FilePart = {
      range: rangeOfRest(span, this.delivered),
      ifRange: isStrong ? head.etag : null,
    };
    const { source } = this;
    if (end === 'silent') source.complainOfSilence();
    if (end === 'silent' || source.lease?.isRevoked === true) this.leave();
    for (let tries = 1; tries <= MAX_TRIES_TO_GO_ON; tries += 1) {
      let { lease } = source;
      try {
        lease ??= await this.acquireAgain();
        const body = await source.open(rest, untilMs, this.signal);
        const answer = fileHeadOf(body.statusCode ?? 0, body.headers);
        if (carriesOn(span, this.delivered, answer.span) && isSameFile(head, answer)) return body;
        // The engine does not support ranges, or has another file.
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

  private leave(): void {
    const { lease } = this.source;
    if (lease !== null) this.failures.engines.add(lease.engineId);
    this.source.drop();
  }

  /** Another engine if there is one; else those that failed may have recovered. */
  private async acquireAgain(): Promise<SlotLease> {
    try {
      return await this.source.acquire(this.failures, NEXT, this.signal);
    } catch (error) {
      if (this.signal.aborted || this.failures.engines.size === 0) throw error;
      this.failures.engines.clear();
      await this.source.stopped();
      return this.source.acquire(this.failures, NEXT, this.signal);
    }
  }
}

/** What a break is called to those who read of it. */
const WORDS_OF_END: Readonly<Record<PumpEnd, string>> = {
  end: 'an end before the file was complete',
  broken: 'a broken connection',
  silent: 'silence',
  paused: 'a pause',
  stopped: 'the engine was taken away',
};

function isOfSession({ kind, reason }: EngineFault): boolean {
  return kind === 'session' || reason === 'reset';
}
