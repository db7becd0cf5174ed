import type { SessionReader } from '../sessions';
import type { PlaybackEvent } from './playback-plan';

/** A connection that receives media, live or recorded, as the control API sees it. */
export interface ServedReader extends SessionReader {
  /** Media bytes handed to the connection. */
  readonly bytes: number;
  apply(event: PlaybackEvent): void;
  /** Ends a stall. */
  goOn(): void;
  /** Breaks off within a packet. */
  cut(how: 'end' | 'reset' | 'freeze'): void;
}
