import type { Writable } from 'node:stream';
import type { FilePart } from '../../ace';
import { AppError } from '../../kernel/errors';
import { settlesWithin } from '../../kernel/wait';
import type { StreamRegistry } from '../streams';
import type { Viewer } from '../viewers';
import type { FileHead } from './file-head';
import { FirstAnswerWait } from './first-answer';
import type { RecordedContent } from './recorded-contents';
import type { RecordedPlayback } from './recorded-playback';
import { chooseSeat } from './seat-choice';

/** Players that jump often close the old connection just behind the new one: worth a moment before an engine is taken. */
const SEEK_OVERLAP_MS = 250;
const NO_ROOM: ReadonlySet<string> = new Set([
  'client_limit',
  'no_capacity',
  'no_engine',
  'engine_failed',
]);

/** What one request wants. */
export interface PlayRequest {
  readonly viewer: Viewer;
  /** Whom the viewer counts as: requests of the same owner may take each other's playback over. */
  readonly owner: string;
  readonly part: FilePart;
  /** Sends the head and gives what the body goes to; null when the connection is gone. */
  readonly sendHead: (head: FileHead) => Writable | null;
  readonly isGone: () => boolean;
}

/** The playbacks that there are. */
export interface PlaybackHost {
  /** Of a content, under way. */
  of(content: RecordedContent): RecordedPlayback[];
  /** Another one, which nobody reads yet. */
  open(content: RecordedContent): RecordedPlayback;
}

/** Which playback of a content a request reads: its own earlier one, an idle one, or one on another engine. */
export class RecordedAdmission {
  private readonly waits = new Set<FirstAnswerWait>();

  constructor(
    private readonly streams: StreamRegistry,
    /** A request waits no longer for what another one is about to find out. */
    private readonly longestWaitMs: number,
    private readonly playbacks: PlaybackHost,
  ) {}

  /**
   * While nobody knows whether the content plays at all, one request finds it out and the others wait for it: what is no
   * media is told to all of them, takes one slot, and no request is thrown out for a newer one before it is answered.
   * Null: the viewer has left meanwhile.
   */
  async admit(content: RecordedContent, request: PlayRequest): Promise<RecordedPlayback | null> {
    const { viewer } = request;
    let first = this.unanswered(content);
    const wait = first === null ? null : this.beginWait(content, request, first.owner);
    if (wait !== null) {
      try {
        for (; first !== null && wait.goesOn; first = this.unanswered(content)) {
          await wait.until(first.whenAnswered);
        }
      } finally {
        this.waits.delete(wait);
        this.streams.limits.remove(viewer);
      }
      if (viewer.leaveReason !== null) return null;
      this.streams.mustBeOpen();
      if (content.verdict instanceof AppError) throw content.verdict;
    }
    // In the same turn as the last look: whoever comes next finds this one.
    return this.seatFor(content, request);
  }

  /** Null for a player who has its share of places: its newer request takes the place of the one that waits. */
  private beginWait(
    content: RecordedContent,
    { viewer, owner }: PlayRequest,
    firstOwner: string,
  ): FirstAnswerWait | null {
    try {
      this.streams.limits.check(viewer.identity.ip, this.viewersOf(content));
    } catch (error) {
      if (owner === firstOwner) return null;
      throw error;
    }
    const wait = new FirstAnswerWait(content, viewer, this.longestWaitMs);
    this.waits.add(wait);
    this.streams.limits.add(viewer);
    return wait;
  }

  /** The playback whose reader is about to learn what the content is; null when that is known, or nobody asks. */
  private unanswered(content: RecordedContent): RecordedPlayback | null {
    if (content.verdict !== null) return null;
    return this.playbacks.of(content).find(({ viewer }) => viewer !== null) ?? null;
  }

  private viewersOf(content: RecordedContent): number {
    const reading = this.playbacks.of(content).filter(({ viewer }) => viewer !== null).length;
    return reading + [...this.waits].filter((wait) => wait.content === content).length;
  }

  private async seatFor(content: RecordedContent, request: PlayRequest): Promise<RecordedPlayback> {
    const { owner } = request;
    const choose = (): ReturnType<typeof chooseSeat> =>
      chooseSeat(
        this.playbacks.of(content).map(({ seat }) => seat),
        owner,
      );
    let choice = choose();
    const own = choice.kind === 'open' ? this.byUid(content, choice.fallback) : null;
    if (own !== null) {
      await settlesWithin(own.whenFree, SEEK_OVERLAP_MS);
      this.streams.mustBeOpen();
      // Who has gone meanwhile must not take the place of who still reads.
      if (request.isGone()) throw new AppError('request_timeout', 'The caller has gone.');
      choice = choose();
    }
    const chosen = this.byUid(content, choice.kind === 'open' ? choice.fallback : choice.uid);
    if (choice.kind !== 'open' && chosen !== null) return this.giveTo(request, chosen);
    try {
      return await this.openFor(request, content, chosen === null);
    } catch (error) {
      // No room for one more: the viewer's own earlier request makes way, when it still reads.
      const isFull = error instanceof AppError && NO_ROOM.has(error.code);
      if (!isFull || chosen === null || chosen.isOver || chosen.owner !== owner) throw error;
      if (request.isGone()) throw error;
      return this.giveTo(request, chosen);
    }
  }

  /**
   * @param isOnlyWay false: an engine is to be had first, because the viewer has something to go back to
   * @throws AppError when there is no room for one more
   */
  private async openFor(
    request: PlayRequest,
    content: RecordedContent,
    isOnlyWay: boolean,
  ): Promise<RecordedPlayback> {
    const opened = this.occupy(request, content, () => {
      this.streams.mustAdmit();
      return this.playbacks.open(content);
    });
    try {
      if (!isOnlyWay) await opened.start();
      opened.requested();
      return opened;
    } catch (error) {
      if (opened.viewer === request.viewer) {
        await opened.end('no_viewers');
        throw error;
      }
      // Its place was taken from it while it waited: what there is now belongs to somebody else.
      if (!opened.isOver) opened.requested();
      return opened;
    }
  }

  /** A playback that is there gets another reader; one that it has is the same viewer's, and has to go. */
  private giveTo(request: PlayRequest, playback: RecordedPlayback): RecordedPlayback {
    if (playback.viewer !== null) playback.removeViewer(playback.viewer, 'replaced');
    return this.occupy(request, playback.content, () => playback);
  }

  private occupy(
    { viewer, owner }: PlayRequest,
    content: RecordedContent,
    seat: () => RecordedPlayback,
  ): RecordedPlayback {
    this.streams.limits.check(viewer.identity.ip, this.viewersOf(content));
    const playback = seat();
    this.streams.limits.add(viewer);
    playback.occupy(viewer, owner);
    return playback;
  }

  private byUid(content: RecordedContent, uid: string | null): RecordedPlayback | null {
    return this.playbacks.of(content).find((playback) => playback.uid === uid) ?? null;
  }
}
