import { PesUnitReader } from './pes-units';
import { pes } from './fixtures/ts-writer';
import { TS_PACKET } from './packet';

const VIDEO = 0x100;
const MOST_UNITS = 2048;
const MOST_MARKS = 108_000;

class Feed {
  readonly reader = new PesUnitReader([VIDEO]);
  private position = 0;
  private units = 0;

  /** Feeds a unit of `packets` packets. */
  unit(packets: number): void {
    // All packets but the first have one byte of payload, so that they are read fast.
    const whole = Buffer.alloc(packets * TS_PACKET, 0xff);
    for (let n = 0; n < packets; n++) {
      const isFirst = n === 0;
      // The counters continue, because equal packets would count as repetitions.
      const counter = (this.position / TS_PACKET + n) & 0x0f;
      const header = [0x47, (isFirst ? 0x40 : 0) | (VIDEO >> 8), VIDEO & 0xff];
      whole.set([...header, (isFirst ? 0x10 : 0x30) | counter, 182, 0], n * TS_PACKET);
    }
    whole.set(pes(Buffer.alloc(0), this.units * 3600), 4);
    this.reader.read(whole, 0, whole.length, this.position);
    this.position += whole.length;
    this.units++;
  }

  get marks(): number {
    return this.reader.unitsOf(VIDEO).reduce((sum, { marks }) => sum + marks.length, 0);
  }
}

describe('PesUnitReader', () => {
  it('keeps the newest units of a stream of small ones', () => {
    const feed = new Feed();
    for (let n = 0; n < MOST_UNITS + 10; n++) feed.unit(1);
    const units = feed.reader.unitsOf(VIDEO);
    expect(units).toHaveLength(MOST_UNITS);
    expect(units[0]!.dts).toBe(10 * 3600);
  });

  it('keeps within its packet limit when small units are followed by large ones', () => {
    const feed = new Feed();
    for (let n = 0; n < 1500; n++) feed.unit(1);
    for (let n = 0; n < 150; n++) {
      feed.unit(1000);
      expect(feed.marks).toBeLessThanOrEqual(MOST_MARKS);
    }
    expect(feed.reader.unitsOf(VIDEO)).toHaveLength(MOST_MARKS / 1000);
  });

  it('ignores a unit that never ends, and continues with the next one', () => {
    const feed = new Feed();
    feed.unit(10);
    feed.unit(MOST_MARKS + 1);
    expect(feed.reader.unitsOf(VIDEO)).toEqual([]);
    feed.unit(10);
    expect(feed.reader.unitsOf(VIDEO)).toMatchObject([{ dts: 2 * 3600 }]);
    expect(feed.marks).toBe(10);
  });
});
