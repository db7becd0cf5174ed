import { pmtSection, TsWriter } from './fixtures/ts-writer';
import {
  adaptationLength,
  continuityCounter,
  discontinuityIndicator,
  hasPayload,
  pid,
  TS_PACKET,
} from './packet';
import { leadingOrder, sameProgramme } from './programme';
import { parsePmt } from './psi';
import { discontinuityPreface, firstContinuities } from './splice';

const streams = [
  { pid: 256, type: 0x1b },
  { pid: 257, type: 0x0f },
];
const programme = parsePmt(pmtSection(1, 300, streams), 100)!;
const media = Buffer.alloc(50);

describe('discontinuityPreface', () => {
  it("consists of the tables and one packet per PID, whose counter precedes the next packet's", () => {
    const psi = Buffer.alloc(2 * TS_PACKET, 1);
    const preface = discontinuityPreface(psi, [
      { pid: 256, nextContinuity: 0 },
      { pid: 0x1abc, nextContinuity: 9 },
    ]);
    expect(preface).toHaveLength(4 * TS_PACKET);
    expect(preface.subarray(0, psi.length)).toEqual(psi);
    [
      [256, 15],
      [0x1abc, 8],
    ].forEach(([expectedPid, counter], index) => {
      const at = psi.length + index * TS_PACKET;
      expect(preface[at]).toBe(0x47);
      expect(pid(preface, at)).toBe(expectedPid);
      expect(hasPayload(preface, at)).toBe(false);
      expect(adaptationLength(preface, at)).toBe(183);
      expect(preface[at + 5]).toBe(0x80);
      expect(discontinuityIndicator(preface, at)).toBe(true);
      expect(continuityCounter(preface, at)).toBe(counter);
      expect(preface.subarray(at + 6, at + TS_PACKET).every((byte) => byte === 0xff)).toBe(true);
    });
  });
});

describe('firstContinuities', () => {
  it('finds the first payload packet per PID across several runs', () => {
    const first = new TsWriter()
      .packet({ pid: 256, counter: 4, payload: media, transportError: true })
      .packet({ pid: 256, counter: 6, pcr: 0 })
      .packet({ pid: 300, counter: 2, pcr: 0 })
      .packet({ pid: 999, counter: 1, payload: media });
    const second = new TsWriter()
      .packet({ pid: 256, counter: 7, payload: media })
      .packet({ pid: 256, counter: 8, payload: media })
      .packet({ pid: 257, counter: 15, payload: media });
    expect(firstContinuities([first.bytes(), second.bytes()], programme)).toEqual(
      new Map([
        [256, 7],
        [300, 3],
        [257, 15],
      ]),
    );
  });

  it('omits PIDs that do not occur', () => {
    expect(firstContinuities([], programme).size).toBe(0);
  });
});

describe('sameProgramme', () => {
  const other = (pcrPid: number, list: typeof streams, version = 0) =>
    parsePmt(pmtSection(1, pcrPid, list, version), 100)!;

  it('ignores only version and order', () => {
    expect(sameProgramme(programme, other(300, [...streams].reverse(), 4))).toBe(true);
    expect(sameProgramme(programme, other(256, streams))).toBe(false);
    expect(sameProgramme(programme, other(300, streams.slice(1)))).toBe(false);
    expect(sameProgramme(programme, other(300, [{ pid: 256, type: 0x24 }, streams[1]!]))).toBe(
      false,
    );
    expect(sameProgramme(programme, other(300, [{ pid: 258, type: 0x1b }, streams[1]!]))).toBe(
      false,
    );
    expect(sameProgramme(programme, { ...programme, pmtPid: 101 })).toBe(false);
  });

  it('prefers video over audio as the leading stream; without both, the PCR', () => {
    const lead = (list: typeof streams) => leadingOrder(other(300, list))[0]?.pid ?? null;
    expect(leadingOrder(other(300, [...streams].reverse())).map(({ pid }) => pid)).toEqual([
      256, 257,
    ]);
    expect(lead(streams.slice(1))).toBe(257);
    expect(
      lead([
        { pid: 299, type: 6 },
        { pid: 300, type: 6 },
      ]),
    ).toBe(300);
    expect(lead([{ pid: 299, type: 6 }])).toBe(299);
    expect(lead([])).toBeNull();
  });
});
