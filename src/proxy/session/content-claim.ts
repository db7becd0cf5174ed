import type { EngineSession } from '../../ace';
import type { SlotLease } from '../../engines';
import { wallClockIso } from '../../kernel/clock';
import type { SessionOwner } from './session-owner';
import type { StreamSession } from './stream-session';

/**
 * Who plays what an engine has just opened. `merged`, `same_engine`: another session does already, there on the same
 * engine; `handed_over`: slot and engine session are somebody else's from now on.
 */
export type Claim = 'own' | 'same_engine' | 'merged' | 'handed_over';

export interface Claimant {
  /** Nobody has been let in yet. */
  isStarting(): boolean;
  /** The content is this session's to play. */
  accepted(): void;
  /** The content is played by `other`: whoever waits here is served there. */
  join(other: StreamSession): void;
}

/**
 * The content that engines report for a stream, and the stream that owns that content. Each live content has one
 * stream, whatever name it was requested by; recorded content has none.
 */
export class ContentClaim {
  /** 40 lower-case hex digits; null while no engine has named it. */
  infohash: string | null = null;
  isLive: 1 | 0 | -1 = -1;
  /** When an engine answered first. */
  answeredAt: string | null = null;

  constructor(
    private readonly session: StreamSession,
    private readonly owner: SessionOwner,
    private readonly claimant: Claimant,
  ) {}

  /** An engine has answered. */
  of(engineSession: EngineSession, lease: SlotLease): Claim {
    const { session, owner, claimant } = this;
    const { infohash } = engineSession;
    session.supervisor.acquirer.answered();
    this.answeredAt ??= wallClockIso();
    this.isLive = engineSession.isLive;
    const isStarting = claimant.isStarting();
    const isNews = isStarting || (session.rota.channelId !== null && this.infohash === null);
    this.infohash ??= infohash;
    // Recorded content is no session of ours: nobody is to be told that it was accepted.
    if (engineSession.isLive === 0) return this.handOver(engineSession, lease);
    const other = infohash !== null && isNews ? owner.infohashKnown(session, infohash) : null;
    if (other === null) {
      claimant.accepted();
      return 'own';
    }
    if (isStarting) claimant.join(other);
    return other.supervisor.adopt(engineSession, lease) ? 'same_engine' : 'merged';
  }

  /** The next answer is about another content. */
  beginAnew(): void {
    this.infohash = null;
    this.owner.sourceChanged(this.session);
  }

  /** A channel is a broadcast: a source that is none is given up for the next one; so is a stream that plays. */
  private handOver(engineSession: EngineSession, lease: SlotLease): Claim {
    const { rota, supervisor } = this.session;
    if (rota.channelId !== null || !this.claimant.isStarting()) return 'own';
    supervisor.acquirer.confirm();
    const found = { selector: rota.content, lease, engineSession };
    return this.owner.recordingAnswered(found) ? 'handed_over' : 'own';
  }
}
