import { Injectable } from '@nestjs/common';
import { AceEngineClient, type EngineStat } from '../../ace';
import { monotonicMs } from '../../kernel/clock';
import type { StreamSession } from '../session';

const FRESH_MS = 1000;
const TIMEOUT_MS = 2000;

interface Reading {
  readonly atMs: number;
  readonly stat: Promise<EngineStat | null>;
}

/**
 * What an engine says about a running session, asked when somebody wants to know: at most once a second
 * per session however many ask, and never on the way of media. Null when the engine does not say.
 */
@Injectable()
export class StreamStatistics {
  private readonly readings = new WeakMap<StreamSession, Reading>();

  constructor(private readonly ace: AceEngineClient) {}

  of(session: StreamSession): Promise<EngineStat | null> {
    const nowMs = monotonicMs();
    const known = this.readings.get(session);
    if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known.stat;
    const reading: Reading = { atMs: nowMs, stat: this.read(session) };
    this.readings.set(session, reading);
    return reading.stat;
  }

  private async read(session: StreamSession): Promise<EngineStat | null> {
    const { current } = session;
    if (current?.engineSession == null) return null;
    try {
      return await this.ace.stat(current.lease.engine.endpoint, current.engineSession, {
        timeoutMs: TIMEOUT_MS,
      });
    } catch {
      // A silent engine is the health room's business; here it only means that nothing is known.
      return null;
    }
  }
}
