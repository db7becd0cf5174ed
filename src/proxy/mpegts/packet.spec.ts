import fc from 'fast-check';
import { writePacket } from './fixtures/ts-writer';
import * as ts from './packet';

describe('packet accessors', () => {
  it('read written values at any offset', () => {
    fc.assert(
      fc.property(
        fc.record({
          pid: fc.integer({ min: 0, max: 8191 }),
          counter: fc.integer({ min: 0, max: 15 }),
          unitStart: fc.boolean(),
          discontinuity: fc.boolean(),
          randomAccess: fc.boolean(),
          scrambled: fc.boolean(),
          transportError: fc.boolean(),
          pcr: fc.option(fc.integer({ min: 0, max: 2 ** 33 * 300 - 1 }), { nil: undefined }),
          payload: fc.uint8Array({ maxLength: 170 }).map((bytes) => Buffer.from(bytes)),
        }),
        fc.integer({ min: 0, max: 400 }),
        (spec, offset) => {
          const buf = Buffer.concat([Buffer.alloc(offset, 0x47), writePacket(spec)]);
          expect(ts.pid(buf, offset)).toBe(spec.pid);
          expect(ts.continuityCounter(buf, offset)).toBe(spec.counter);
          expect(ts.payloadUnitStart(buf, offset)).toBe(spec.unitStart);
          expect(ts.discontinuityIndicator(buf, offset)).toBe(spec.discontinuity);
          expect(ts.randomAccessIndicator(buf, offset)).toBe(spec.randomAccess);
          expect(ts.scrambled(buf, offset)).toBe(spec.scrambled);
          expect(ts.transportError(buf, offset)).toBe(spec.transportError);
          expect(ts.pcr(buf, offset)).toBe(spec.pcr ?? -1);
          expect(ts.hasAdaptation(buf, offset)).toBe(true);
          expect(ts.hasPayload(buf, offset)).toBe(spec.payload.length > 0);
          expect(buf.subarray(ts.payloadOffset(buf, offset))).toEqual(spec.payload);
        },
      ),
    );
  });

  it('never point beyond the packet, for any header', () => {
    const liar = writePacket({ pid: 1, payload: Buffer.alloc(100) });
    liar[4] = 255;
    expect(ts.payloadOffset(liar, 0)).toBe(ts.TS_PACKET);
    expect(ts.adaptationLength(writePacket({ pid: 1, payload: Buffer.alloc(184) }), 0)).toBe(-1);
  });
});

it('builds null packets that every demultiplexer drops', () => {
  const packets = ts.nullPackets(3);
  expect(packets).toHaveLength(3 * 188);
  for (let at = 0; at < packets.length; at += 188) {
    expect([...packets.subarray(at, at + 4)]).toEqual([0x47, 0x1f, 0xff, 0x10]);
    expect(packets.subarray(at + 4, at + 188).every((byte) => byte === 0xff)).toBe(true);
  }
});
