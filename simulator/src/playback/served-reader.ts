import type { SessionReader } from '../sessions';
import type { PlaybackEvent } from './playback-plan';

/** A connection that receives media, live or recorded, for the control API. */
export interface ServedReader extends SessionReader {
  /** Media bytes written to the connection. */
  readonly bytes: number;
  apply(event: PlaybackEvent): void;
  /** Ends a stall. */
  resume(): void;
  /** Ends the connection within a packet. */
  cut(how: 'end' | 'reset' | 'freeze'): void;
}
