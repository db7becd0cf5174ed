import { LeadLog } from './lead-log';
import { ticksBetween } from './pes';
import { PointSearch } from './point-search';
import { leadingOrder, type Programme, type ProgrammeStream } from './programme';
import { type PsiSnapshot } from './psi-tracker';

/** A stream that has shown nothing at all does not lead for longer than this. */
const UNSEEN_MS = 2000;
/** One that has shown a single PES packet may be a still picture: the next one says how far apart they are. */
const SEEN_ONCE_MS = 15_000;
/** Bounds of the patience with a stream that comes at intervals, which is twice the longest of them. */
const LEAST_PATIENCE_MS = 2000;
const MOST_PATIENCE_MS = 30_000;
/** A long interval counts less with every PES packet that follows. */
const FORGETTING = 0.9;
/** Steps of a stream's own time beyond these are another time base. */
const MAX_STEP_MS = 10_000;
const MAX_BACK_MS = 1000;
const TICKS_PER_MS = 90;

/** A stream that may lead its programme, and when it was last seen. */
export class LeadCandidate {
  readonly search: PointSearch;
  /** Its place among the candidates; 0 is the best. */
  rank = 0;
  /** It has shown something. */
  isSeen = false;
  /** Programme time of its last PES packet, or of the moment it was announced. */
  lastMs: number;
  /** Where it could have led from: its first PES packet behind the last one of the stream that leads. */
  readonly since = { sign: -1, position: 0, psi: null as PsiSnapshot | null };
  /** Its place on the programme's line of time, by its own times. */
  private ownMs: number;
  private lastTicks = -1;
  private lastClockMs: number | null = null;
  /** The longest interval without it of late; null before its second PES packet. */
  private gapMs: number | null = null;

  constructor(
    public stream: ProgrammeStream,
    nowMs: number,
  ) {
    this.search = new PointSearch(stream);
    this.lastMs = nowMs;
    this.ownMs = nowMs;
  }

  /** How long it may show nothing before another stream leads, in ms of the programme. */
  get patienceMs(): number {
    if (!this.isSeen) return UNSEEN_MS;
    if (this.gapMs === null) return SEEN_ONCE_MS;
    return Math.min(MOST_PATIENCE_MS, Math.max(LEAST_PATIENCE_MS, 2 * this.gapMs));
  }

  /**
   * A PES packet of it begins, with a decoding time in ticks of 90 kHz, or else (−1) the time of the stream's clock.
   * Takes the programme time so far, and returns the one that this proves.
   */
  show(ticks: number, clockMs: number | null, nowMs: number): number {
    const stepMs = this.step(ticks, clockMs);
    const isLine = this.isSeen && stepMs <= MAX_STEP_MS && stepMs >= -MAX_BACK_MS;
    this.ownMs = isLine ? this.ownMs + stepMs : nowMs;
    const shownMs = Math.max(nowMs, this.ownMs);
    // A stream that comes alone is measured by its own times.
    if (this.isSeen) {
      this.gapMs = Math.max(shownMs - this.lastMs, (this.gapMs ?? 0) * FORGETTING);
    }
    this.isSeen = true;
    this.lastMs = shownMs;
    return shownMs;
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
 * Decides which stream leads the programme, by what arrives and not by what is announced. The best one that is announced
 * leads at first. It loses the lead when it shows nothing while others go on, and has it back with its first random access
 * point. Time is that of the streams themselves, because the clock may be on the PID that has fallen silent.
 */
export class LeadWatch {
  readonly log = new LeadLog();
  leading: LeadCandidate | null = null;
  /** Best first. */
  private candidates: readonly LeadCandidate[] = [];
  private readonly byPid = new Map<number, LeadCandidate>();
  private nowMs = 0;
  /** PES packets of streams that led. */
  private signs = 0;

  /** The candidates other than the one that leads. */
  get rivals(): readonly LeadCandidate[] {
    return this.candidates.filter((candidate) => candidate !== this.leading);
  }

  /** Something has come of what the programme announces; taken for granted when that is neither video nor audio. */
  get hasAnnouncedMedia(): boolean {
    return this.candidates.some(
      ({ isSeen, stream }) => isSeen || (stream.kind !== 'video' && stream.kind !== 'audio'),
    );
  }

  of(pid: number): LeadCandidate | undefined {
    return this.byPid.get(pid);
  }

  /** The programme announces other streams, as known at `position`. What still plays keeps the lead. */
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

  /** A PES packet of the stream that leads begins; times as for `LeadCandidate.show`. */
  leadingShows(ticks: number, clockMs: number | null): void {
    if (this.leading === null) return;
    this.nowMs = this.leading.show(ticks, clockMs, this.nowMs);
    this.signs++;
  }

  /**
   * The same of another candidate, at `position`, behind the tables `psi`. True when it should lead, from `since` on: the
   * stream that leads is silent.
   */
  rivalShows(
    candidate: LeadCandidate,
    ticks: number,
    clockMs: number | null,
    position: number,
    psi: PsiSnapshot | null,
  ): boolean {
    this.nowMs = candidate.show(ticks, clockMs, this.nowMs);
    const { leading } = this;
    if (leading === null) return false;
    const { since } = candidate;
    if (since.sign !== this.signs) {
      since.sign = this.signs;
      since.position = position;
      since.psi = psi;
    }
    if (this.isAlive(leading)) return false;
    return !this.candidates.some((other) => this.goesBefore(other, candidate));
  }

  /** Whether the candidate, which does not lead, does so with its first random access point. */
  mayLead({ stream, rank }: LeadCandidate): boolean {
    return stream.kind === 'video' && rank < (this.leading?.rank ?? Infinity);
  }

  lead(candidate: LeadCandidate, position: number): void {
    this.leading = candidate;
    this.signs++;
    this.log.add({ position, stream: candidate.stream });
  }

  private isAlive(candidate: LeadCandidate): boolean {
    return this.nowMs - candidate.lastMs < candidate.patienceMs;
  }

  private goesBefore(other: LeadCandidate, candidate: LeadCandidate): boolean {
    if (other === this.leading || other.rank >= candidate.rank || !other.isSeen) return false;
    return this.isAlive(other);
  }
}
