import { hasPayload, isDiscontinuity, markerOf } from './ts-packet';

/** A place where the stream jumps to another point of the broadcast, announced by a discontinuity flag. */
export interface Jump {
  /** Packets left out; negative if some were repeated. */
  readonly packets: number;
  /** The same in broadcast time. */
  readonly ms: number;
}

/**
 * Proves with the simulator's private packets that no packet is lost or repeated. Each of them contains the number
 * of packets of the broadcast before it, without null packets; between two of them exactly the difference must have
 * arrived, unless a discontinuity was flagged.
 */
export class MarkerAudit {
  count = 0;
  /** Missing packets without a flagged discontinuity. */
  lostPackets = 0;
  /** Repeated packets without a flagged discontinuity. */
  repeatedPackets = 0;
  /** Markers that do not follow their predecessor, without a flagged discontinuity. */
  outOfOrder = 0;
  readonly jumps: Jump[] = [];
  /** Infohashes in order of appearance. */
  readonly infohashes: string[] = [];
  firstMediaNumber: number | null = null;
  lastMediaNumber: number | null = null;
  /** From the time on air to the arrival here, ms. */
  firstLatencyMs: number | null = null;
  lastLatencyMs: number | null = null;
  lastBroadcastMs: number | null = null;
  firstBroadcastMs: number | null = null;
  /** Latency of each marker, the newest 20 000. */
  readonly latenciesMs: number[] = [];
  private arrived = 0;
  private wasFlagged = false;

  /** Takes every packet except null packets. */
  packet(data: Buffer, at: number): void {
    if (isDiscontinuity(data, at)) {
      this.wasFlagged = true;
      // A packet that only carries the flag is not part of the broadcast.
      if (!hasPayload(data, at)) return;
    }
    this.arrived += 1;
    const marker = markerOf(data, at);
    if (marker === null) return;
    if (this.lastMediaNumber !== null && this.lastBroadcastMs !== null) {
      const step = marker.mediaNumber - this.lastMediaNumber;
      if (this.wasFlagged) {
        const packets = step - this.arrived;
        this.jumps.push({ packets, ms: marker.broadcastMs - this.lastBroadcastMs });
      } else {
        if (step <= 0) this.outOfOrder += 1;
        this.lostPackets += Math.max(0, step - this.arrived);
        this.repeatedPackets += Math.max(0, this.arrived - Math.max(0, step));
      }
    }
    this.note(marker.mediaNumber, marker.broadcastMs, marker.infohash);
  }

  /** Media received so far, in broadcast time. */
  get receivedMs(): number {
    return (this.lastBroadcastMs ?? 0) - (this.firstBroadcastMs ?? 0);
  }

  private note(mediaNumber: number, broadcastMs: number, infohash: string): void {
    const latencyMs = Date.now() - broadcastMs;
    this.count += 1;
    this.arrived = 0;
    this.wasFlagged = false;
    this.firstMediaNumber ??= mediaNumber;
    this.lastMediaNumber = mediaNumber;
    this.firstBroadcastMs ??= broadcastMs;
    this.lastBroadcastMs = broadcastMs;
    this.firstLatencyMs ??= latencyMs;
    this.lastLatencyMs = latencyMs;
    this.latenciesMs.push(latencyMs);
    if (this.latenciesMs.length > 20_000) this.latenciesMs.shift();
    if (this.infohashes.at(-1) !== infohash) this.infohashes.push(infohash);
  }
}
