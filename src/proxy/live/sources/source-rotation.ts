import { Injectable } from '@nestjs/common';
import { ChannelDirectory, selectorOf, SourceRecords, type ChannelSource } from '../../../channels';
import { monotonicMs } from '../../../kernel/clock';
import type { ContentSelector, SourceSelector } from '../../../kernel/content-selector';
import { AppError } from '../../../kernel/errors';

/** The facts that a rotation depends on, and where it records results. */
export interface RotationFacts {
  /** The channel's sources as they are listed now; null when there is no such channel any more. */
  sourcesOf(channelId: string): readonly ChannelSource[] | null;
  /** The same sources, the most reliable first. */
  rank(sources: readonly ChannelSource[]): readonly ChannelSource[];
  /** Another stream plays this content: a second start would end its engine session. */
  isPlayedElsewhere(selector: SourceSelector): boolean;
  started(source: ChannelSource, startMs: number): void;
  stalled(source: ChannelSource): void;
  failed(source: ChannelSource, why: string): void;
}

/** Attempts at the source of a running stream: once more on the same engine, then on another one. */
const TRIES_WITH_RETRY_HERE = 3;

/**
 * What a stream asks engines for: one content, or the sources of a channel, one after the other. A source that failed is
 * tried again when all others have failed since. A change of the channel's list takes effect with the next source.
 */
export class SourceRotation {
  private asked: ContentSelector;
  private listed: readonly ChannelSource[] = [];
  /** The channel's entry in use; null for a content without a channel. */
  private entry: ChannelSource | null = null;
  private selector: SourceSelector;
  /** The form of the id that an engine knew; until an engine has answered, the listed one. */
  private form: SourceSelector;
  /** Ids of sources that failed in this round. */
  private readonly failedIds = new Set<string>();
  /** The most informative failure: one that is not `content_not_found`, else the last. */
  private worst: AppError | null = null;
  private failedTries = 0;
  /** `failedTries` at the time when the source was lost. */
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

  /** What the stream was requested as: a content or a channel. */
  get subject(): ContentSelector {
    return this.asked;
  }

  get channelId(): string | null {
    return this.asked.kind === 'channel' ? this.asked.value : null;
  }

  /** The channel's entry in use. */
  get source(): ChannelSource | null {
    return this.entry;
  }

  /** The content in use, as it was requested or is listed. */
  get content(): SourceSelector {
    return this.selector;
  }

  /** The selector to ask the next engine for. */
  get request(): SourceSelector {
    return this.form;
  }

  engineKnows(form: SourceSelector): void {
    this.form = form;
  }

  /** An attempt begins. */
  trying(): void {
    this.triedSinceMs = monotonicMs();
  }

  /** Media have arrived, the last at `lastMediaMs`. The first media of an attempt show how long its start took. */
  mediaCame(lastMediaMs: number): void {
    if (this.triedSinceMs === null || lastMediaMs < this.triedSinceMs) return;
    if (this.entry !== null) this.facts.started(this.entry, monotonicMs() - this.triedSinceMs);
    this.triedSinceMs = null;
  }

  /** Media have flowed long enough that earlier failures no longer count. */
  recovered(): void {
    this.failedTries = 0;
    this.rounds = 0;
    this.failedIds.clear();
  }

  /** An attempt at the source in use has failed. */
  tryFailed(): void {
    this.failedTries++;
    // It had delivered media.
    if (this.entry !== null && this.triedSinceMs === null) this.facts.stalled(this.entry);
    this.triedSinceMs = null;
  }

  /** A running stream has lost its source. */
  lossBegins(): void {
    this.failedBefore = this.failedTries;
  }

  /** The source was lost because its engine died: failures since then do not count against it. */
  excuseLoss(): void {
    this.failedTries = this.failedBefore;
    this.triedSinceMs = null;
  }

  get hasFailed(): boolean {
    return this.failedTries > 0;
  }

  /** The source in use has had all its attempts. */
  isSpent(wasRetryHere: boolean): boolean {
    if (this.failedTries >= TRIES_WITH_RETRY_HERE) return true;
    return this.failedTries === TRIES_WITH_RETRY_HERE - 1 && !wasRetryHere;
  }

  /** Number of sources left in this round, including the one in use. */
  get left(): number {
    return 1 + this.candidates(true).length;
  }

  /** A running stream could go on with another source. */
  get hasOthers(): boolean {
    return this.candidates(false).some((source) => this.isFree(source));
  }

  /**
   * Gives up the source in use for another one. Returns the number of rounds since media last flowed long enough; null when
   * there is nothing else to try. `goesRound`: sources that failed in this round have another turn after it.
   */
  next(goesRound: boolean, why: string, error: AppError | null): number | null {
    if (this.entry === null) return null;
    // A source that another stream plays has not failed.
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

  /** What viewers are told when no source started. */
  failure(last: AppError): AppError {
    if (this.entry === null) return last;
    const worst = this.worst ?? last;
    const many = this.sources.length;
    if (many === 1) return worst;
    if (worst.code !== 'content_not_found') return worst;
    return new AppError(worst.code, `No engine knows any of the channel's ${many} sources.`);
  }

  /**
   * Another stream was merged into this one. If it was a channel's stream, this one is the channel's from now on, unless it
   * has a channel already.
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

/** Makes the rotations of streams, from the lists of the channels and the records of their sources. */
@Injectable()
export class SourceRotations {
  constructor(
    private readonly channels: ChannelDirectory,
    private readonly records: SourceRecords,
  ) {}

  /** @param isPlayedElsewhere whether another stream plays a content */
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
   * What engines would be asked for: the content itself, or the sources of a channel in the order in which they are tried
   * now.
   *
   * @throws AppError `content_not_found` when there is no such channel
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
