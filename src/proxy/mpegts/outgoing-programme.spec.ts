import { learnProgramme, mapProgramme, type OutgoingProgramme } from './outgoing-programme';
import { type Programme, type ProgrammeStream } from './programme';
import { codecOf, mediaKindOf } from './stream-codec';

const NONE = Buffer.alloc(0);
const H264 = 0x1b;
const AAC = 0x0f;
const MP2 = 0x03;

const stream = ([pid, streamType]: readonly [number, number]): ProgrammeStream => {
  const codec = codecOf(streamType, NONE);
  return { pid, streamType, codec, kind: mediaKindOf(codec), descriptors: NONE };
};

function programme(...streams: readonly (readonly [number, number])[]): Programme {
  const pcrPid = streams[0]?.[0] ?? 0x1fff;
  return { programmeNumber: 1, pmtPid: 0x1000, pcrPid, version: 0, streams: streams.map(stream) };
}

/** The outgoing programme after these programmes were sent one after the other. */
const programmeAfter = (...programmes: readonly Programme[]): OutgoingProgramme =>
  programmes.reduce<OutgoingProgramme | null>(learnProgramme, null)!;

const pidsOf = (outgoing: OutgoingProgramme, source: Programme): [number, number][] | null => {
  const mapping = mapProgramme(outgoing, source, 'splice');
  return mapping === null ? null : [...mapping.pids];
};

const OLD = programme([0x100, H264], [0x101, AAC]);
const NEW = programme([0x110, H264], [0x111, AAC]);

describe('mapProgramme', () => {
  it('maps to the current streams, not to earlier ones', () => {
    const mapping = mapProgramme(programmeAfter(OLD, NEW), NEW, 'splice')!;
    expect(mapping.isIdentity).toBe(true);
    expect(pidsOf(programmeAfter(OLD, NEW), OLD)).toEqual([
      [0x100, 0x110],
      [0x101, 0x111],
    ]);
  });

  it('keeps a stream on its PID if the type is the same, and maps the others by order', () => {
    const outgoing = programmeAfter(
      programme([0x100, H264], [0x101, AAC], [0x102, AAC], [0x103, MP2]),
    );
    const source = programme([0x200, H264], [0x102, AAC], [0x201, AAC], [0x101, MP2]);
    expect(pidsOf(outgoing, source)).toEqual([
      [0x102, 0x102],
      [0x200, 0x100],
      [0x201, 0x101],
      [0x101, 0x103],
    ]);
  });

  it('maps the only suitable stream to the first audio', () => {
    const outgoing = programmeAfter(programme([0x100, H264], [0x101, AAC], [0x102, AAC]));
    expect(pidsOf(outgoing, programme([0x100, H264], [0x102, AAC]))).toEqual([
      [0x100, 0x100],
      [0x102, 0x101],
    ]);
  });

  it('never maps another type to a PID', () => {
    const outgoing = programmeAfter(OLD, programme([0x100, H264], [0x102, AAC]));
    const { pids } = mapProgramme(
      outgoing,
      programme([0x100, H264], [0x102, AAC], [0x101, MP2]),
      'splice',
    )!;
    expect(pids.get(0x101)).not.toBe(0x101);
    expect([0x100, 0x102, 0x1000, 0x1fff]).not.toContain(pids.get(0x101));
  });

  it('maps a returning stream to the PID that its type had', () => {
    const full = programme([0x100, H264], [0x101, AAC], [0x102, MP2], [0x103, MP2]);
    const outgoing = programmeAfter(full, OLD);
    const source = programme([0x200, H264], [0x201, AAC], [0x103, MP2], [0x202, MP2]);
    expect(pidsOf(outgoing, source)).toEqual([
      [0x200, 0x100],
      [0x201, 0x101],
      [0x103, 0x103],
      [0x202, 0x102],
    ]);
  });

  it('allocates no PID where other programmes may have their tables', () => {
    const outgoing = programmeAfter(programme([0x100, H264], [0x101, AAC], [0x1ffe, MP2]));
    const source = programme([0x200, H264], [0x201, AAC], [0x202, MP2], [0x101, 0x81], [0, 0x81]);
    const { pids } = mapProgramme(outgoing, source, 'splice')!;
    expect(pids.get(0x101)).toBeGreaterThanOrEqual(0x20);
    expect(pids.get(0)).toBeGreaterThanOrEqual(0x20);
  });

  const radio = programme([0x101, AAC]);
  it.each([
    ['another video', programme([0x100, 0x24], [0x101, AAC]), false, false],
    ['other audio', programme([0x100, H264], [0x101, MP2]), false, false],
    ['no video', radio, false, true],
    ['no audio', programme([0x100, H264]), false, true],
  ])('%s', (_what, source, atSplice, underWay) => {
    const outgoing = programmeAfter(OLD);
    expect(mapProgramme(outgoing, source, 'splice') !== null).toBe(atSplice);
    expect(mapProgramme(outgoing, source, 'under_way') !== null).toBe(underWay);
  });

  it('adds new video only if the broadcast itself changes', () => {
    expect(mapProgramme(programmeAfter(radio), OLD, 'splice')).toBeNull();
    expect([...mapProgramme(programmeAfter(radio), OLD, 'under_way')!.pids]).toEqual([
      [0x101, 0x101],
      [0x100, 0x100],
    ]);
  });
});

describe('the outgoing programme', () => {
  it('does not grow with every change of the source', () => {
    let outgoing = programmeAfter(OLD);
    for (let n = 0; n < 500; n++) {
      const source = programme([0x100, H264], [0x101, AAC], [0x200 + n, 0x80 + (n % 100)]);
      outgoing =
        n % 2 === 0
          ? learnProgramme(outgoing, source)
          : mapProgramme(outgoing, source, 'under_way')!.outgoing;
      expect(outgoing.streams).toHaveLength(3);
      expect(outgoing.past.length).toBeLessThanOrEqual(64);
    }
  });

  it('is computed for 800 streams as fast as for a few', () => {
    const many = programme(...Array.from({ length: 800 }, (_, n) => [0x20 + n, MP2] as const));
    const moved = programme(...Array.from({ length: 800 }, (_, n) => [0x900 + n, MP2] as const));
    const mapping = mapProgramme(programmeAfter(many), moved, 'splice')!;
    expect([...mapping.pids.values()].slice(0, 800)).toEqual(many.streams.map(({ pid }) => pid));
  });
});
