import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { EngineFault, type FilePart } from '../../ace';
import type { AppConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import type { EngineComplaint } from '../../engines';
import { AppError } from '../../kernel/errors';
import { complaintOf, type SilentEngine } from '../live';
import { endAnswer } from './answer-end';
import { BodyPump, type PumpEnd } from './body-pump';
import { carriesOn, rangeOfRest } from './byte-range';
import { EngineFailures } from './engine-failures';
import { fileHeadOf, isSameFile, type FileHead } from './file-head';
import type { RecordedSource } from './recorded-source';
import { preempted, type SlotWanted } from './source-start';

/** What a transfer reads from, and how it gets another source. */
/** The viewer has no answer yet. */
const FIRST: SlotWanted = { class: 'start', waitFor: 'slot' };
/** The viewer has a part of the file, and waits for the rest. */
const NEXT: SlotWanted = { class: 'failover', waitFor: 'answer' };

export interface TransferHost extends SilentEngine {
  readonly source: RecordedSource | null;
  /**
   * @param failures of this transfer; grows
   * @throws AppError when there is none
   */
  acquire(
    failures: EngineFailures,
    wanted: SlotWanted,
    signal: AbortSignal,
  ): Promise<RecordedSource>;
  /** Leaves the engine. */
  drop(): void;
  /** Resolves when what was left is stopped: before that an engine must not be asked for the same content again. */
  stopped(): Promise<void>;
  complain(engineId: string, complaint: EngineComplaint): void;
  /** The file is known to be this; told before the viewer is. */
  headKnown(head: FileHead): void;
  delivered(bytes: number): void;
  /** The viewer's answer goes on from another source, or from the same one opened again. */
  wentOn(): void;
}

/** How it ended after the head was out. */
export type TransferEnd = 'finished' | 'paused' | 'failed' | 'gone';

/** A paused film keeps its connection and its slot for this long; then the player has to come back by a new request. */
const PAUSE_MS = 30 * 60_000;
const MAX_START_TRIES = 4;
const MAX_TRIES_TO_GO_ON = 4;
/** Breaks in a row, with less than this between them; a film of hours may break often. */
const MAX_BREAKS = 5;
const PROGRESS_BYTES = 2 * 1024 * 1024;

/**
 * One answer to one request for a part of a file: finds who has it, sends the head, hands the body through, and takes it
 * up again from the byte that was reached when an engine breaks off.
 */
export class FileTransfer {
  readonly failures = new EngineFailures();
  private delivered = 0;
  private breaks = 0;
  private brokeAt = 0;

  constructor(
    private readonly part: FilePart,
    private readonly host: TransferHost,
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
    this.host.headKnown(head);
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
      this.host.wentOn();
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
        this.host.delivered(bytes);
      },
      monotonicMs,
      this.host,
    );
    const stop = (): void => pump.stop();
    const revoked = this.host.source?.revoked;
    const signals = revoked === undefined ? [this.signal] : [this.signal, revoked];
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
    pump.start();
    if (signals.some(({ aborted }) => aborted)) pump.stop();
    const end = await pump.ended;
    for (const signal of signals) signal.removeEventListener('abort', stop);
    return end;
  }

  /** The answer to the request, from the source that is there or from the first that has it. */
  private async openFirst(): Promise<IncomingMessage> {
    const deadlineMs = (): number => monotonicMs() + this.config.proxyInitTimeoutMs;
    let untilMs: number | null = null;
    for (let tries = 1; ; tries += 1) {
      const source = this.host.source ?? (await this.acquireFirst(untilMs));
      untilMs ??= deadlineMs();
      try {
        return await source.open(this.part, untilMs, this.signalOf(source));
      } catch (error) {
        this.signal.throwIfAborted();
        // A start whose slot was preempted must not acquire another one.
        if (source.lease.isPreempted) throw preempted(source.lease);
        const last = this.reasonOf(error, source);
        this.failures.note(last);
        if (error instanceof EngineFault && error.kind === 'unsupported') {
          throw new AppError('unsupported_content', `The content is ${error.detail}.`);
        }
        if (monotonicMs() >= untilMs) throw this.tooLate();
        if (tries >= MAX_START_TRIES) break;
        // A session that is gone says nothing about its engine: one more there, once.
        const isSession = error instanceof EngineFault && isOfSession(error);
        const isOnceMore = isSession && tries === 1;
        if (!isOnceMore) this.failures.add(source.engineId, last);
        this.host.drop();
        if (isOnceMore) await this.host.stopped();
      }
    }
    throw this.failures.asError();
  }

  /** As long as the fleet has one wait for the first engine; from then on the start budget runs, waits for others included. */
  private async acquireFirst(untilMs: number | null): Promise<RecordedSource> {
    if (untilMs === null) return this.host.acquire(this.failures, FIRST, this.signal);
    const deadline = AbortSignal.timeout(Math.ceil(Math.max(1, untilMs - monotonicMs())));
    const signal = AbortSignal.any([this.signal, deadline]);
    try {
      return await this.host.acquire(this.failures, FIRST, signal);
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
    this.failures.note(WORDS_OF_END[end]);
    if (span === null || this.breaks > MAX_BREAKS) return null;
    const untilMs = monotonicMs() + this.config.proxyOutageBudgetMs;
    const isStrong = head.etag !== null && !head.etag.startsWith('W/');
    const rest: FilePart = {
      range: rangeOfRest(span, this.delivered),
      ifRange: isStrong ? head.etag : null,
    };
    let { source } = this.host;
    if (end === 'silent' && source !== null) this.host.complain(source.engineId, 'silence');
    if (end === 'silent' || source?.revoked.aborted === true) source = this.leave(source);
    for (let tries = 1; tries <= MAX_TRIES_TO_GO_ON; tries += 1) {
      try {
        source ??= await this.acquireAgain();
        const body = await source.open(rest, untilMs, this.signalOf(source));
        const answer = fileHeadOf(body.statusCode ?? 0, body.headers);
        if (carriesOn(span, this.delivered, answer.span) && isSameFile(head, answer)) return body;
        // It does not know ranges, or has another file: so much for this engine.
        body.destroy();
        this.failures.note('an answer that does not continue the file');
      } catch (error) {
        if (this.signal.aborted || source === null || monotonicMs() >= untilMs) return null;
        this.failures.note(this.reasonOf(error, source));
      }
      source = this.leave(source);
    }
    return null;
  }

  private leave(source: RecordedSource | null): null {
    if (source !== null) this.failures.add(source.engineId, this.failures.last);
    this.host.drop();
    return null;
  }

  /** Another engine if there is one; else those that failed may have recovered. */
  private async acquireAgain(): Promise<RecordedSource> {
    try {
      return await this.host.acquire(this.failures, NEXT, this.signal);
    } catch (error) {
      if (this.signal.aborted || this.failures.engines.size === 0) throw error;
      this.failures.forgive();
      await this.host.stopped();
      return this.host.acquire(this.failures, NEXT, this.signal);
    }
  }

  private signalOf(source: RecordedSource): AbortSignal {
    return AbortSignal.any([this.signal, source.revoked]);
  }

  /** @throws what is no fault of an engine */
  private reasonOf(error: unknown, source: RecordedSource): string {
    if (error instanceof EngineFault) {
      const complaint = complaintOf(error);
      if (complaint !== null) this.host.complain(source.engineId, complaint);
      return `${error.reason}: ${error.detail}`;
    }
    if (source.revoked.aborted) return 'the engine was taken away';
    throw error;
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
