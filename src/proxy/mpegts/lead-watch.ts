import { LeadLog } from './lead-log';
import { ticksBetween } from './pes';
import { PointSearch } from './point-search';
import { leadingOrder, type Programme, type ProgrammeStream } from './programme';
import { type PsiSnapshot } from './psi-tracker';

/** A stream that has sent no PES packet keeps the lead for at most this long. */
const UNSEEN_MS = 2000;
/**
 * A stream that has sent one PES packet keeps the lead for at most this long. It may be a still picture with a long
 * interval.
 */
const SEEN_ONCE_MS = 15_000;
/** Bounds of the time that a stream may be silent. Within them it is twice the longest recent interval. */
const LEAST_PATIENCE_MS = 2000;
const MOST_PATIENCE_MS = 30_000;
/** The longest recent interval is multiplied by this at each following PES packet. */
const FORGETTING = 0.9;
/** Larger steps of a stream's own timestamps mean another time base. */
const MAX_STEP_MS = 10_000;
const MAX_BACK_MS = 1000;
const TICKS_PER_MS = 90;

/** A stream that may lead its programme, and its recent activity. */
export class LeadCandidate {
  readonly search: PointSearch;
  /** Rank among the candidates; 0 is the best. */
  rank = 0;
  /** True once a PES packet was seen. */
  isSeen = false;
  /** Programme time of its last PES packet; before the first one, the time at which it was announced. */
  lastMs: number;
  /** Where it could take the lead: at its first PES packet after the last one of the leading stream. */
  readonly since = { pesCount: -1, position: 0, psi: null as PsiSnapshot | null };
  /** Programme time that its own timestamps yield. */
  private ownMs: number;
  private lastTicks = -1;
  private lastClockMs: number | null = null;
  /** The longest recent interval between PES packets; null before the second one. */
  private gapMs: number | null = null;

  constructor(
    public stream: ProgrammeStream,
    nowMs: number,
  ) {
    this.search = new PointSearch(stream);
    this.lastMs = nowMs;
    this.ownMs = nowMs;
  }

  /** How long the stream may be silent before another stream leads, in ms of programme time. */
  get patienceMs(): number {
    if (!this.isSeen) return UNSEEN_MS;
    if (this.gapMs === null) return SEEN_ONCE_MS;
    return Math.min(MOST_PATIENCE_MS, Math.max(LEAST_PATIENCE_MS, 2 * this.gapMs));
  }

  /**
   * Records the start of a PES packet, and returns the programme time after it.
   *
   * @param ticks decoding time in ticks of 90 kHz; −1 if the PES packet has none
   * @param clockMs media time at the PES packet, used if it has no decoding time
   * @param nowMs programme time so far
   */
  recordPes(ticks: number, clockMs: number | null, nowMs: number): number {
    const stepMs = this.step(ticks, clockMs);
    const isLine = this.isSeen && stepMs <= MAX_STEP_MS && stepMs >= -MAX_BACK_MS;
    this.ownMs = isLine ? this.ownMs + stepMs : nowMs;
    const presentMs = Math.max(nowMs, this.ownMs);
    // If no other stream arrives, programme time follows the timestamps of this one, so its interval is measured too.
    if (this.isSeen) {
      this.gapMs = Math.max(presentMs - this.lastMs, (this.gapMs ?? 0) * FORGETTING);
    }
    this.isSeen = true;
    this.lastMs = presentMs;
    return presentMs;
  }

  private step(ticks: number, clockMs: number | null): number {
    if (ticks >= 0) {
      const last = this.lastTicks;
      this.lastTicks = ticks;
      return last < 0 ? 0 : ticksBetween(last, ticks) / TICKS_PER_MS;
    }
    if (clockMs === null) return 0;
    const lastMs = this.lastClockMs ?? clockMs;
    this.lastClockMs = clockMs;
    return clockMs - lastMs;
  }
}

/**
 * Decides which stream leads the programme. The best announced stream leads at first. It loses the lead if it is
 * silent while others continue, and regains it with its first random access point after that. Time is taken from the
 * streams themselves, because the PCR may be on the silent PID.
 */
export class LeadWatch {
  readonly log = new LeadLog();
  leading: LeadCandidate | null = null;
  /** Best candidate first. */
  private candidates: readonly LeadCandidate[] = [];
  private readonly byPid = new Map<number, LeadCandidate>();
  private nowMs = 0;
  /** Number of PES packets of the leading streams, plus the number of changes of the lead. */
  private pesCount = 0;

  /** The candidates that do not lead. */
  get rivals(): readonly LeadCandidate[] {
    return this.candidates.filter((candidate) => candidate !== this.leading);
  }

  /**
   * True once a video or audio stream of the programme has sent media. Always true for programmes without video and
   * audio.
   */
  get hasReceivedAnnouncedStream(): boolean {
    return this.candidates.some(
      ({ isSeen, stream }) => isSeen || (stream.kind !== 'video' && stream.kind !== 'audio'),
    );
  }

  of(pid: number): LeadCandidate | undefined {
    return this.byPid.get(pid);
  }

  /**
   * Replaces the candidates after a change of the programme at `position`. A stream that still plays keeps the lead.
   */
  follow(programme: Programme, position: number): void {
    this.candidates = leadingOrder(programme).map((stream) => {
      const known = this.byPid.get(stream.pid);
      if (known === undefined || known.stream.codec !== stream.codec) {
        return new LeadCandidate(stream, this.nowMs);
      }
      known.stream = stream;
      return known;
    });
    this.byPid.clear();
    for (const [rank, candidate] of this.candidates.entries()) {
      candidate.rank = rank;
      this.byPid.set(candidate.stream.pid, candidate);
    }
    if (this.leading !== null && this.candidates.includes(this.leading)) return;
    const best = this.candidates[0];
    if (best !== undefined) this.lead(best, position);
  }

  /** Records the start of a PES packet of the leading stream; times as for `LeadCandidate.recordPes`. */
  recordLeading(ticks: number, clockMs: number | null): void {
    if (this.leading === null) return;
    this.nowMs = this.leading.recordPes(ticks, clockMs, this.nowMs);
    this.pesCount++;
  }

  /**
   * Records the start of a PES packet of another candidate at `position`, after the tables `psi`; times as for
   * `recordLeading`. Returns true if the leading stream is silent and this candidate should lead from `since` on.
   */
  recordRival(
    candidate: LeadCandidate,
    ticks: number,
    clockMs: number | null,
    position: number,
    psi: PsiSnapshot | null,
  ): boolean {
    this.nowMs = candidate.recordPes(ticks, clockMs, this.nowMs);
    const { leading } = this;
    if (leading === null) return false;
    const { since } = candidate;
    if (since.pesCount !== this.pesCount) {
      since.pesCount = this.pesCount;
      since.position = position;
      since.psi = psi;
    }
    if (this.isAlive(leading)) return false;
    return !this.candidates.some((other) => this.precedes(other, candidate));
  }

  /** True if the candidate takes the lead with its first random access point. */
  mayLead({ stream, rank }: LeadCandidate): boolean {
    return stream.kind === 'video' && rank < (this.leading?.rank ?? Infinity);
  }

  lead(candidate: LeadCandidate, position: number): void {
    this.leading = candidate;
    this.pesCount++;
    this.log.add({ position, stream: candidate.stream });
  }

  private isAlive(candidate: LeadCandidate): boolean {
    return this.nowMs - candidate.lastMs < candidate.patienceMs;
  }

  private precedes(other: LeadCandidate, candidate: LeadCandidate): boolean {
    if (other === this.leading || other.rank >= candidate.rank || !other.isSeen) return false;
    return this.isAlive(other);
  }
}
