import { Injectable } from '@nestjs/common';
import type { StreamTotals } from '../events';
import { isLiveStream } from './live';
import { StreamRegistry, type StreamState } from './streams';

/** A stream that runs now. */
export interface RunningStream {
  /** Public id. */
  readonly id: string;
  readonly totals: StreamTotals;
}

/** All streams together at one moment. */
export interface StreamSums {
  /** Running streams. States without streams are left out. */
  readonly byState: ReadonlyMap<StreamState, number>;
  /** Viewers, including those that wait for a start. */
  readonly viewers: number;
  /** Of these: viewers of HLS. */
  readonly hlsViewers: number;
  /** Bytes from engines since the start of the process; never decreases. */
  readonly bytesIn: number;
  /** Bytes that the kernel has accepted for viewers since the start of the process; never decreases. */
  readonly bytesOut: number;
  /** What engines report about the running streams; null if there is no report about any of them. */
  readonly swarm: {
    readonly peers: number;
    readonly downloadBps: number;
    readonly uploadBps: number;
  } | null;
}

/** What a stream or its engine reports in KB/s, which AceStream counts as 1024 bytes. */
const BITS_PER_KB = 8 * 1024;

/** The figures of all streams, for records of them. */
@Injectable()
export class StreamFigures {
  /** Bytes of the streams that have ended. */
  private readonly past = { in: 0, out: 0 };

  constructor(private readonly streams: StreamRegistry) {
    streams.onOver((stream) => {
      const { bytes_in, bytes_out } = stream.totals();
      this.past.in += bytes_in;
      this.past.out += bytes_out;
    });
  }

  running(): RunningStream[] {
    return this.streams.list().map((stream) => ({ id: stream.id, totals: stream.totals() }));
  }

  sums(): StreamSums {
    const byState = new Map<StreamState, number>();
    let { in: bytesIn, out: bytesOut } = this.past;
    let [reports, hlsViewers] = [0, 0];
    const swarm = { peers: 0, downloadBps: 0, uploadBps: 0 };
    for (const stream of this.streams.list()) {
      byState.set(stream.state, (byState.get(stream.state) ?? 0) + 1);
      const { bytes_in, bytes_out } = stream.totals();
      bytesIn += bytes_in;
      bytesOut += bytes_out;
      for (const viewer of stream.viewers) hlsViewers += Number(viewer.takesSegments);
      const stat = isLiveStream(stream) ? stream.observation.stat?.stat : undefined;
      if (stat === undefined) continue;
      reports += 1;
      swarm.peers += stat.peers ?? 0;
      swarm.downloadBps += (stat.speedDownKBps ?? 0) * BITS_PER_KB;
      swarm.uploadBps += (stat.speedUpKBps ?? 0) * BITS_PER_KB;
    }
    const { count: viewers } = this.streams.limits;
    return {
      byState,
      viewers,
      hlsViewers,
      bytesIn,
      bytesOut,
      swarm: reports === 0 ? null : swarm,
    };
  }
}
