import { Injectable } from '@nestjs/common';
import { ChannelDirectory, selectorOf, SourceRecords, type ChannelSource } from '../../../channels';
import { monotonicMs } from '../../../kernel/clock';
import type { ContentSelector, SourceSelector } from '../../../kernel/content-selector';
import { AppError } from '../../../kernel/errors';

/** The facts that a rotation depends on, and the records of its results. */
export interface RotationFacts {
  /** The sources that the channel lists now; null if the channel no longer exists. */
  sourcesOf(channelId: string): readonly ChannelSource[] | null;
  /** Returns the same sources, the most reliable first. */
  rank(sources: readonly ChannelSource[]): readonly ChannelSource[];
  /** True if another stream plays this content. A second start would end the engine session of that stream. */
  isPlayedElsewhere(selector: SourceSelector): boolean;
  started(source: ChannelSource, startMs: number): void;
  stalled(source: ChannelSource): void;
  failed(source: ChannelSource, why: string): void;
}

/** Three tries of a source: the one that was lost, a retry on the same engine, and one on another engine. */
const TRIES_WITH_RETRY_HERE = 3;

/**
 * Chooses the content that a stream requests from engines: one content, or the sources of a channel one after the other. A
 * failed source is tried again once all others have failed too. A change of the channel's list takes effect with the next
 * source.
 */
export class SourceRotation {
  private asked: ContentSelector;
  private listed: readonly ChannelSource[] = [];
  /** The source in use, as the channel lists it; null for a content without a channel. */
  private entry: ChannelSource | null = null;
  private selector: SourceSelector;
  /** The form of the id that an engine recognised; until an engine has answered, the form in the list. */
  private form: SourceSelector;
  /** Ids of the sources that failed in this round. */
  private readonly failedIds = new Set<string>();
  /** The most informative failure: the last one other than `content_not_found` if there is any, else the first one. */
  private worst: AppError | null = null;
  private failedTries = 0;
  /** The value of `failedTries` at the time when the source was lost. */
  private failedBefore = 0;
  private rounds = 0;
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

  /** The content in use, as requested or as listed. */
  get content(): SourceSelector {
    return this.selector;
  }

  /** The selector to request from the next engine. */
  get request(): SourceSelector {
    return this.form;
  }

  engineKnows(form: SourceSelector): void {
    this.form = form;
  }

  /** Call when an attempt begins. */
  trying(): void {
    this.triedSinceMs = monotonicMs();
  }

  /**
   * Call when media have arrived, the last at `lastMediaMs`. At the first media of an attempt, records how long the start
   * took.
   */
  mediaCame(lastMediaMs: number): void {
    if (this.triedSinceMs === null || lastMediaMs < this.triedSinceMs) return;
    if (this.entry !== null) this.facts.started(this.entry, monotonicMs() - this.triedSinceMs);
    this.triedSinceMs = null;
  }

  /** Call when media have flowed long enough that earlier failures no longer count. */
  recovered(): void {
    this.failedTries = 0;
    this.rounds = 0;
    this.failedIds.clear();
  }

  /** Call when an attempt at the source in use has failed. */
  tryFailed(): void {
    this.failedTries++;
    // A cleared `triedSinceMs` means media had arrived.
    if (this.entry !== null && this.triedSinceMs === null) this.facts.stalled(this.entry);
    this.triedSinceMs = null;
  }

  /** Call when a running stream has lost its source. */
  lossBegins(): void {
    this.failedBefore = this.failedTries;
  }

  /** Call when the source was lost because its engine died. Failures since the loss then do not count. */
  excuseLoss(): void {
    this.failedTries = this.failedBefore;
    this.triedSinceMs = null;
  }

  get hasFailed(): boolean {
    return this.failedTries > 0;
  }

  /** True if the source in use has used up its attempts. */
  isSpent(wasRetryHere: boolean): boolean {
    if (this.failedTries >= TRIES_WITH_RETRY_HERE) return true;
    return this.failedTries === TRIES_WITH_RETRY_HERE - 1 && !wasRetryHere;
  }

  /** Number of sources left in this round, including the one in use. */
  get left(): number {
    return 1 + this.candidates(true).length;
  }

  /** True if a running stream could continue with another source. */
  get hasOthers(): boolean {
    return this.candidates(false).some((source) => this.isFree(source));
  }

  /**
   * Replaces the source in use by the next one. Returns the number of complete rounds that have failed, or
   * null if no source is left to try.
   * `goesRound`: start over when all have failed.
   */
  next(goesRound: boolean, why: string, error: AppError | null): number | null {
    if (this.entry === null) return null;
    // A `conflict` means that another stream plays the content, so the source has not failed.
    if (error?.code !== 'conflict') this.facts.failed(this.entry, why);
    this.failedIds.add(this.entry.id);
    if (error !== null && (this.worst === null || error.code !== 'content_not_found')) {
      this.worst = error;
    }
    const next = goesRound ? this.nextOfRound() : this.facts.rank(this.candidates(true))[0];
    if (next === undefined) return null;
    this.use(next);
    return this.rounds;
  }

  /** Returns the error to show viewers when no source has started. */
  failure(last: AppError): AppError {
    if (this.entry === null) return last;
    const worst = this.worst ?? last;
    const many = this.sources.length;
    if (many === 1) return worst;
    if (worst.code !== 'content_not_found') return worst;
    return new AppError(worst.code, `No engine knows any of the channel's ${many} sources.`);
  }

  /**
   * Call when another stream was merged into this one. Takes over the other stream's channel, if this one has none.
   */
  serve({ channelId, subject, source }: SourceRotation): void {
    if (channelId === null || this.channelId !== null) return;
    this.asked = subject;
    this.entry = source;
  }

  private nextOfRound(): ChannelSource | undefined {
    const free = (isFirstRound: boolean): ChannelSource | undefined =>
      this.facts.rank(this.candidates(isFirstRound)).find((source) => this.isFree(source));
    const next = free(true);
    if (next !== undefined) return next;
    this.rounds++;
    this.failedIds.clear();
    return free(true);
  }

  private use(source: ChannelSource): void {
    this.entry = source;
    this.selector = this.selectorOf(source);
    this.form = this.selector;
    this.failedTries = 0;
    this.triedSinceMs = null;
  }

  private candidates(notFailedOnly: boolean): ChannelSource[] {
    const { entry } = this;
    if (entry === null) return [];
    return this.sources.filter(
      ({ id }) => id !== entry.id && !(notFailedOnly && this.failedIds.has(id)),
    );
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
    return selectorOf({ kind, id }, this.asked.fileIndex);
  }
}

/** Creates the source rotations of streams from the channel lists and the records of the sources. */
@Injectable()
export class SourceRotations {
  constructor(
    private readonly channels: ChannelDirectory,
    private readonly records: SourceRecords,
  ) {}

  /** @param isPlayedElsewhere returns true if another stream plays the content */
  create(
    asked: ContentSelector,
    isPlayedElsewhere: RotationFacts['isPlayedElsewhere'],
  ): SourceRotation {
    const { channels, records } = this;
    return new SourceRotation(asked, {
      sourcesOf: (channelId) => channels.get(channelId)?.sources ?? null,
      rank: (listed) => records.rank(listed),
      isPlayedElsewhere,
      started: (source, startMs) => records.started(source, startMs),
      stalled: (source) => records.stalled(source),
      failed: (source, why) => records.failed(source, why),
    });
  }

  /**
   * The selectors that engines would be asked for: the content itself, or the sources of a channel in the order in which a
   * start would try them now.
   *
   * @throws AppError `content_not_found` if there is no such channel
   */
  sourcesOf({ kind, value, fileIndex }: ContentSelector): SourceSelector[] {
    if (kind !== 'channel') return [{ kind, value, fileIndex }];
    const channel = this.channels.get(value);
    if (channel !== null) {
      return this.records.rank(channel.sources).map((source) => selectorOf(source, fileIndex));
    }
    throw new AppError('content_not_found', `There is no channel "${value}".`);
  }

  /** Calls `listener` with the id of every channel that changes. */
  onChange(listener: (channelId: string) => void): void {
    this.channels.onChange(listener);
  }
}

function sourceOf({ kind, value, fileIndex }: ContentSelector): SourceSelector {
  if (kind === 'channel') throw new AppError('internal_error', 'A channel is no content.');
  return { kind, value, fileIndex };
}
