import { RECORD_BYTES } from './guide-file-format';

const FIELDS = 4;
/** Duration of the last programme of a channel if the guide does not say when it ends. */
const UNKNOWN_DURATION_S = 3600;

/** Start, stop (0: unknown), offset and length of the programmes of one channel, 16 bytes each. */
export class ChannelRecords {
  private values = new Uint32Array(FIELDS * 32);
  count = 0;

  add(startS: number, stopS: number | null, offset: number, length: number): void {
    const at = FIELDS * this.count++;
    if (at === this.values.length) {
      // Each channel grows alone, so there is never a second copy of all records.
      const larger = new Uint32Array(FIELDS * Math.ceil(this.count * 1.3));
      larger.set(this.values);
      this.values = larger;
    }
    this.values.set([startS, stopS ?? 0, offset, length], at);
  }

  /** The records as they are in the file: sorted by start, with every stop. */
  toBuffer(): Buffer {
    const value = (programme: number, field: number): number =>
      this.values[FIELDS * programme + field] ?? 0;
    const order = Array.from({ length: this.count }, (_, programme) => programme);
    order.sort((a, b) => value(a, 0) - value(b, 0) || a - b);
    const buffer = Buffer.alloc(RECORD_BYTES * this.count);
    order.forEach((programme, at) => {
      const start = value(programme, 0);
      const next = order[at + 1];
      const unknownStop = next === undefined ? start + UNKNOWN_DURATION_S : value(next, 0);
      const stop = Math.max(start, value(programme, 1) || unknownStop);
      [start, stop, value(programme, 2), value(programme, 3)].forEach((field, i) => {
        buffer.writeUInt32LE(field, at * RECORD_BYTES + 4 * i);
      });
    });
    return buffer;
  }
}
