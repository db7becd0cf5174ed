import { Injectable } from '@nestjs/common';
import { ChannelDirectory, selectorOf, SourceRecords, type ChannelSource } from '../../../channels';
import { EngineRegistry } from '../../../engines';
import { monotonicMs } from '../../../kernel/clock';
import {
  partOf,
  type ContentSelector,
  type SourceSelector,
} from '../../../kernel/content-selector';
import { AppError, type ErrorCode } from '../../../kernel/errors';

/** The facts that a rotation depends on, and where it records the results of the channel's sources. */
export interface RotationFacts {
  /** Returns the sources that the channel lists now; null if the channel no longer exists. */
  sourcesOf(channelId: string): readonly ChannelSource[] | null;
  /** Returns the same sources of the channel, the most reliable first. */
  rank(sources: readonly ChannelSource[]): readonly ChannelSource[];
  /** True if another stream plays this content. A second start on its engine would end its engine session. */
  isPlayedElsewhere(selector: SourceSelector): boolean;
  /** False if no engine has a network, so that no content plays. */
  isAnyEngineConnected(): boolean;
  /** Records that the channel's source delivered media `startMs` after the start. */
  started(source: ChannelSource, startMs: number): void;
  /** Records that the media of the channel's source have stopped. */
  stalled(source: ChannelSource): void;
  /** Records that the channel's source was given up. `isOfContent`: false if engines may be at fault. */
  failed(source: ChannelSource, why: string, isOfContent: boolean): void;
}

/** Errors for which the content is to blame, because an engine has judged it. */
const CONTENT_FAULTS: readonly ErrorCode[] = ['content_not_found', 'unsupported_content'];

/** Attempts that each source of a channel gets: the one that failed, a retry on the same engine, and one on another. */
const TRIES_WITH_RETRY_HERE = 3;

/**
 * Chooses the content that a stream requests from engines: the requested content, or one of the channel's sources after
 * the other. One that has failed is tried again when all others have failed too. If the channel's list is edited, the
 * edit takes effect when the stream changes to the next one.
 *
 * "Source" has two meanings. The channel's source (`ChannelSource`) is one of the contents that a channel lists; the
 * identifiers in this file mean this one. A source (`Source`, see `source.port.ts`) is what a stream reads now: an
 * engine session.
 */
export class SourceRotation {
  /** The content or channel that was requested. */
  private asked: ContentSelector;
  /** The channel's sources, as last read; kept for the case that the channel is deleted. */
  private listed: readonly ChannelSource[] = [];
  /** The channel's source in use, as the channel lists it; null for a content without a channel. */
  private entry: ChannelSource | null = null;
  /** The content in use, as requested or as the channel lists it. */
  private selector: SourceSelector;
  /** `selector` with the kind of id that an engine has recognised; until an engine has answered, `selector` itself. */
  private form: SourceSelector;
  /** True if an engine has recognised the content in use. */
  private isKnown = false;
  /** Ids of the channel's sources that have failed in this round. */
  private readonly failedIds = new Set<string>();
  /** The failure that tells viewers most: the last one that is not `content_not_found`, or else the first one. */
  private worst: AppError | null = null;
  /** Failed attempts at the channel's source in use. */
  private failedTries = 0;
  /** The value of `failedTries` when the engine session was lost. */
  private failedBefore = 0;
  /** How often all the channel's sources have failed. */
  private rounds = 0;
  /** Monotonic time at which the attempt began; null once its media have arrived. */
  private triedSinceMs: number | null = null;

  constructor(
    asked: ContentSelector,
    private readonly facts: RotationFacts,
  ) {
    this.asked = asked;
    const first = asked.kind === 'channel' ? this.facts.rank(this.sources)[0] : null;
    if (first === undefined) throw new AppError('internal_error', 'A channel has no sources.');
    this.selector = first === null ? sourceOf(asked) : this.selectorOf(first);
    this.entry = first;
    this.form = this.selector;
  }

  /** The content or channel that was requested. */
  get subject(): ContentSelector {
    return this.asked;
  }

  get channelId(): string | null {
    return this.asked.kind === 'channel' ? this.asked.value : null;
  }

  /** The channel's source in use; null for a content without a channel. */
  get source(): ChannelSource | null {
    return this.entry;
  }

  /** The content in use, as requested or as the channel lists it. */
  get content(): SourceSelector {
    return this.selector;
  }

  /** The selector to request from the next engine. */
  get request(): SourceSelector {
    return this.form;
  }

  /** Call when an engine has recognised the content under this selector. */
  engineKnows(form: SourceSelector): void {
    this.form = form;
    this.isKnown = true;
  }

  /** Call when an attempt begins. */
  trying(): void {
    this.triedSinceMs = monotonicMs();
  }

  /**
   * Call when media have arrived, the last at `lastMediaMs`. Records how long the start took when these are the first
   * media of an attempt.
   */
  mediaCame(lastMediaMs: number): void {
    if (this.triedSinceMs === null || lastMediaMs < this.triedSinceMs) return;
    if (this.entry !== null) this.facts.started(this.entry, monotonicMs() - this.triedSinceMs);
    this.triedSinceMs = null;
  }

  /** Call when media have flowed for so long that earlier failures no longer count. */
  recovered(): void {
    this.failedTries = 0;
    this.rounds = 0;
    this.failedIds.clear();
  }

  /** Call when an attempt at the content in use has failed. */
  tryFailed(): void {
    this.failedTries++;
    // `triedSinceMs` is null if media had arrived.
    if (this.entry !== null && this.triedSinceMs === null) this.facts.stalled(this.entry);
    this.triedSinceMs = null;
  }

  /** Call when a running stream has lost its engine session. */
  lossBegins(): void {
    this.failedBefore = this.failedTries;
  }

  /**
   * Resets `failedTries` to its value before the loss. Call when the engine session was lost because its engine died.
   */
  excuseLoss(): void {
    this.failedTries = this.failedBefore;
    this.triedSinceMs = null;
  }

  /** True if an attempt at the content in use has failed. */
  get hasFailed(): boolean {
    return this.failedTries > 0;
  }

  /**
   * True if the content in use has had all its attempts. `wasRetryHere`: the last one was a retry on the same engine.
   */
  isSpent(wasRetryHere: boolean): boolean {
    if (this.failedTries >= TRIES_WITH_RETRY_HERE) return true;
    return this.failedTries === TRIES_WITH_RETRY_HERE - 1 && !wasRetryHere;
  }

  /** Number of the channel's sources that have not failed in this round, including the one in use. */
  get left(): number {
    return 1 + this.untried().length;
  }

  /** True if the channel has another source that no other stream plays. */
  get hasOthers(): boolean {
    return this.others().some((source) => this.isFree(source));
  }

  /**
   * Changes to the channel's next source. Returns how often all of them have failed, or null if none is left to try.
   *
   * @param goesRound true to start over when all have failed
   * @param why the reason to record for the one that is given up
   */
  next(goesRound: boolean, why: string, error: AppError | null): number | null {
    if (this.entry === null) return null;
    // After a `conflict`, another stream plays the content, which has therefore not failed.
    if (error?.code !== 'conflict') this.facts.failed(this.entry, why, this.isOfContent(error));
    this.failedIds.add(this.entry.id);
    if (error !== null && (this.worst === null || error.code !== 'content_not_found')) {
      this.worst = error;
    }
    const next = goesRound ? this.nextOfRound() : this.facts.rank(this.untried())[0];
    if (next === undefined) return null;
    this.use(next);
    return this.rounds;
  }

  /** Returns the error for viewers when the stream fails. `last`: the error of the last attempt. */
  failure(last: AppError): AppError {
    if (this.entry === null) return last;
    const worst = this.worst ?? last;
    const many = this.sources.length;
    if (many === 1) return worst;
    if (worst.code !== 'content_not_found') return worst;
    return new AppError(worst.code, `No engine knows any of the channel's ${many} sources.`);
  }

  /**
   * Takes over the channel of `other` if this stream has none. Call when a stream with that rotation was merged into
   * this one, or when a request for its channel joins this one.
   */
  takeOverChannel(other: SourceRotation): void {
    const { channelId, subject, source } = other;
    if (channelId === null || this.channelId !== null) return;
    this.asked = subject;
    this.entry = source;
  }

  /** Returns the channel's best source that may be tried now. Begins another round if all have failed in this one. */
  private nextOfRound(): ChannelSource | undefined {
    const free = (): ChannelSource | undefined =>
      this.facts.rank(this.untried()).find((source) => this.isFree(source));
    const next = free();
    if (next !== undefined) return next;
    this.rounds++;
    this.failedIds.clear();
    return free();
  }

  private use(source: ChannelSource): void {
    this.entry = source;
    this.selector = this.selectorOf(source);
    this.form = this.selector;
    this.isKnown = false;
    this.failedTries = 0;
    this.triedSinceMs = null;
  }

  /** Returns the channel's sources except the one in use. */
  private others(): ChannelSource[] {
    const { entry } = this;
    return entry === null ? [] : this.sources.filter(({ id }) => id !== entry.id);
  }

  /** Returns those of the others that have not failed in this round. */
  private untried(): ChannelSource[] {
    return this.others().filter(({ id }) => !this.failedIds.has(id));
  }

  /** A start without media is the fault of engines if none has answered, or if none has a network. */
  private isOfContent(error: AppError | null): boolean {
    if (error?.code === 'start_timeout') return this.isKnown && this.facts.isAnyEngineConnected();
    return error !== null && CONTENT_FAULTS.includes(error.code);
  }

  private isFree(source: ChannelSource): boolean {
    return !this.facts.isPlayedElsewhere(this.selectorOf(source));
  }

  private get sources(): readonly ChannelSource[] {
    const { channelId } = this;
    if (channelId !== null) this.listed = this.facts.sourcesOf(channelId) ?? this.listed;
    return this.listed;
  }

  private selectorOf({ kind, id }: ChannelSource): SourceSelector {
    return selectorOf({ kind, id }, this.asked);
  }
}

/** Creates the source rotations of streams from the lists of channels and the records of their sources. */
@Injectable()
export class SourceRotations {
  constructor(
    private readonly channels: ChannelDirectory,
    private readonly records: SourceRecords,
    private readonly engines: EngineRegistry,
  ) {}

  /** @param isPlayedElsewhere returns true if another stream plays the content */
  create(
    asked: ContentSelector,
    isPlayedElsewhere: RotationFacts['isPlayedElsewhere'],
  ): SourceRotation {
    const { channels, records, engines } = this;
    return new SourceRotation(asked, {
      sourcesOf: (channelId) => channels.get(channelId)?.sources ?? null,
      rank: (listed) => records.rank(listed),
      isPlayedElsewhere,
      isAnyEngineConnected: () => engines.isAnyConnected,
      started: (source, startMs) => records.started(source, startMs),
      stalled: (source) => records.stalled(source),
      failed: (source, why, ofContent) => records.failed(source, why, ofContent),
    });
  }

  /**
   * Returns the selectors that would be requested from engines: the content itself, or a channel's sources in the order
   * in which a start would try them now.
   *
   * @throws AppError `content_not_found` if there is no such channel
   */
  sourcesOf(asked: ContentSelector): SourceSelector[] {
    if (asked.kind !== 'channel') return [sourceOf(asked)];
    const { value } = asked;
    const channel = this.channels.get(value);
    if (channel !== null) {
      return this.records.rank(channel.sources).map((source) => selectorOf(source, asked));
    }
    throw new AppError('content_not_found', `There is no channel "${value}".`);
  }

  /** Calls `listener` with the id of every channel that changes. */
  onChange(listener: (channelId: string) => void): void {
    this.channels.onChange(listener);
  }
}

function sourceOf(asked: ContentSelector): SourceSelector {
  const { kind, value } = asked;
  if (kind === 'channel')
    throw new AppError('internal_error', 'A channel cannot be requested from an engine.');
  return { ...partOf(asked), kind, value };
}
