import type { EngineSession, SessionEnd } from './sessions';

/** An event in the format of the long poll. */
export interface EngineSignal {
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
}

type Waiter = (signal: EngineSignal | null) => void;

/** Events of sessions for long polls: one `live_changed` each, and the end if the session was stopped. */
export class Signals {
  private readonly greeted = new WeakSet<EngineSession>();
  private readonly waiters = new Map<EngineSession, Set<Waiter>>();

  /** Resolves with the session's next event; null if it ended without one or the poll was aborted. */
  next(session: EngineSession, aborted: AbortSignal): Promise<EngineSignal | null> {
    if (!this.greeted.has(session)) {
      this.greeted.add(session);
      const { isLive } = session.content.settings;
      return Promise.resolve({ name: 'live_changed', params: { is_live: isLive } });
    }
    return new Promise((resolve) => {
      const waiting = this.waiters.get(session) ?? new Set<Waiter>();
      this.waiters.set(session, waiting);
      const waiter: Waiter = (signal) => {
        waiting.delete(waiter);
        if (waiting.size === 0) this.waiters.delete(session);
        resolve(signal);
      };
      waiting.add(waiter);
      aborted.addEventListener('abort', () => waiter(null), { once: true });
    });
  }

  ended(session: EngineSession, end: SessionEnd): void {
    const signal = session.stopNotifications
      ? { name: 'download_stopped', params: { reason: end, option: 'none' } }
      : null;
    for (const waiter of [...(this.waiters.get(session) ?? [])]) waiter(signal);
  }

  close(): void {
    for (const waiting of [...this.waiters.values()])
      for (const waiter of [...waiting]) waiter(null);
  }
}
