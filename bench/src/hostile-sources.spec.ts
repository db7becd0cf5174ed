import { HOSTILE_KINDS, hostileSource } from './hostile-sources';
import { PACKET_BYTES, SYNC_BYTE } from './packet-stamp';
import { sectionCrc } from './program-tables';

const BITS_PER_SECOND = 20e6;

describe.each(HOSTILE_KINDS)('%s', (kind) => {
  it('consists of whole packets with continuous counters, for any number of packets per call', () => {
    const source = hostileSource(kind, 1, BITS_PER_SECOND);
    const counters = new Map<number, number>();
    for (const count of [1, 7, 2000]) {
      const bytes = source.next(count, 0) as Buffer;
      expect(bytes.length).toBe(count * PACKET_BYTES);
      for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
        expect(bytes[at]).toBe(SYNC_BYTE);
        const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
        const counter = bytes[at + 3]! & 15;
        const last = counters.get(pid);
        if (last !== undefined) expect(counter).toBe((last + 1) & 15);
        counters.set(pid, counter);
      }
    }
  });

  it('has tables that a strict parser accepts', () => {
    const bytes = hostileSource(kind, 1, BITS_PER_SECOND).next(100, 0) as Buffer;
    const at = range(100).find((n) => (bytes.readUInt16BE(n * PACKET_BYTES + 1) & 0x1fff) === 0)!;
    const payload = bytes.subarray(at * PACKET_BYTES + 5, (at + 1) * PACKET_BYTES);
    const length = 3 + (payload.readUInt16BE(1) & 0xfff);
    expect(sectionCrc(payload.subarray(0, length))).toBe(0);
  });
});

it.each(['past-and-future', 'pmt-behind-a-splice'] as const)(
  '%s plays normally when it is opened first, and then ends',
  (kind) => {
    const source = hostileSource(kind, 0, BITS_PER_SECOND);
    let packets = 0;
    for (let part = source.next(1000, 0); part !== null; part = source.next(1000, 0)) {
      packets += part.length / PACKET_BYTES;
      expect(packets).toBeLessThan(1_000_000);
    }
    expect(packets).toBeGreaterThan(10_000);
  },
);

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
