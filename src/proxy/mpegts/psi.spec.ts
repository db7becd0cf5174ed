import fc from 'fast-check';
import { patSection, pmtSection, TsWriter, writeSection } from './fixtures/ts-writer';
import { payloadOffset, TS_PACKET } from './packet';
import { crc32Mpeg, parsePat, parsePmt, SectionAssembler } from './psi';

function assemble(stream: Buffer): { sections: Buffer[]; packets: Buffer[] } {
  const sections: Buffer[] = [];
  const packets: Buffer[] = [];
  const assembler = new SectionAssembler((section, carriers) => {
    sections.push(Buffer.from(section));
    packets.push(carriers);
  });
  for (let at = 0; at < stream.length; at += TS_PACKET) {
    assembler.push(stream, at, payloadOffset(stream, at));
  }
  return { sections, packets };
}

describe('SectionAssembler', () => {
  it('computes the CRC of the standard', () => {
    expect(crc32Mpeg(Buffer.from('123456789'))).toBe(0x0376e6e7);
  });

  it('returns sections of all sizes with the packets that carried them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4084 }), { maxLength: 6 }), (sizes) => {
        const writer = new TsWriter();
        const sections = sizes.map((size, index) =>
          writeSection(0x40, index, 0, Buffer.alloc(size, index)),
        );
        const carriers = sections.map((section) => {
          const from = writer.position;
          writer.section(100, section);
          return [from, writer.position] as const;
        });
        const stream = writer.bytes();
        const found = assemble(stream);
        expect(found.sections).toEqual(sections);
        expect(found.packets).toEqual(
          carriers.map(([from, to]) => Buffer.from(stream.subarray(from, to))),
        );
      }),
    );
  });

  it('reads sections that share packets', () => {
    const [a, b, c] = [50, 200, 90].map((size, id) =>
      writeSection(0x40, id, 0, Buffer.alloc(size, 7)),
    );
    const all = Buffer.concat([a!, b!, c!]);
    // Packet 1: a and the beginning of b; packet 2: the rest of b, then c begins; packet 3: the rest of c.
    const restOfB = a!.length + b!.length - 183;
    const stream = new TsWriter()
      .packet({
        pid: 5,
        unitStart: true,
        payload: Buffer.concat([Buffer.from([0]), all.subarray(0, 183)]),
      })
      .packet({
        pid: 5,
        unitStart: true,
        payload: Buffer.concat([Buffer.from([restOfB]), all.subarray(183, 183 + 183)]),
      });
    const rest = all.subarray(366);
    if (rest.length > 0) stream.packet({ pid: 5, payload: rest });
    const bytes = stream.bytes();
    const found = assemble(bytes);
    expect(found.sections).toEqual([a, b, c]);
    expect(found.packets[1]).toEqual(bytes.subarray(0, 376));
    expect(found.packets[2]?.subarray(0, 188)).toEqual(bytes.subarray(188, 376));
  });

  it('drops a section with a wrong CRC and continues', () => {
    const bad = patSection([[1, 100]]);
    bad[9] = 99;
    const good = patSection([[2, 200]]);
    expect(assemble(new TsWriter().section(0, bad).section(0, good).bytes()).sections).toEqual([
      good,
    ]);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 184 }))),
        (payloads) => {
          const writer = new TsWriter();
          for (const [unitStart, payload] of payloads) {
            writer.packet({ pid: 0, unitStart, payload: Buffer.from(payload) });
          }
          expect(assemble(writer.bytes()).sections).toEqual([]);
        },
      ),
    );
  });
});

describe('tables', () => {
  it('PAT: programmes without the network entry', () => {
    const section = patSection(
      [
        [0, 16],
        [1, 0x1000],
        [7, 300],
      ],
      5,
    );
    expect(parsePat(section)).toEqual({
      tsid: 1,
      version: 5,
      programmes: [
        { number: 1, pmtPid: 0x1000 },
        { number: 7, pmtPid: 300 },
      ],
    });
    section[5]! &= 0xfe;
    expect(parsePat(section)).toBeNull();
    expect(parsePat(Buffer.alloc(4))).toBeNull();
  });

  it.each<[number, number[], string, string]>([
    [0x01, [], 'mpeg2-video', 'video'],
    [0x02, [], 'mpeg2-video', 'video'],
    [0x1b, [], 'h264', 'video'],
    [0x24, [], 'hevc', 'video'],
    [0xea, [], 'other-video', 'video'],
    [0x03, [], 'mp2', 'audio'],
    [0x04, [], 'mp2', 'audio'],
    [0x0f, [], 'aac', 'audio'],
    [0x11, [], 'aac-latm', 'audio'],
    [0x81, [], 'ac3', 'audio'],
    [0x06, [0x0a, 4, 100, 101, 117, 0, 0x6a, 1, 0], 'ac3', 'audio'],
    [0x06, [0x7a, 1, 0], 'eac3', 'audio'],
    [0x06, [0x05, 4, 0x41, 0x43, 0x2d, 0x33], 'ac3', 'audio'],
    [0x06, [0x59, 8, 0, 0, 0, 0, 0, 0, 0, 0], 'dvb-subtitle', 'subtitle'],
    [0x06, [0x56, 5, 0, 0, 0, 0, 0], 'teletext', 'subtitle'],
    [0x06, [], 'data', 'data'],
    [0x06, [0x6b], 'data', 'data'],
    [0x05, [], 'sections', 'data'],
    [0xf0, [], 'data', 'data'],
  ])('PMT: stream type %i with descriptors %j is %s', (type, descriptors, codec, kind) => {
    const bytes = Buffer.from(descriptors);
    const section = pmtSection(3, 0x100, [{ pid: 0x101, type, descriptors: bytes }], 9);
    expect(parsePmt(section, 0x30)).toEqual({
      programmeNumber: 3,
      pmtPid: 0x30,
      pcrPid: 0x100,
      version: 9,
      streams: [{ pid: 0x101, streamType: type, codec, kind, descriptors: bytes }],
    });
  });

  it('PMT: lengths beyond the section make it unreadable', () => {
    const section = pmtSection(3, 0x100, [{ pid: 0x101, type: 0x1b }]);
    section[16] = 0xff;
    expect(parsePmt(section, 0x30)).toBeNull();
  });
});
