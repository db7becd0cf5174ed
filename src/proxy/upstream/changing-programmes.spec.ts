import { discontinuityIndicator, type Programme } from '../mpegts';
import { patSection, pmtSection, TsWriter } from '../mpegts/fixtures/ts-writer';
import {
  broadcast,
  PLAIN,
  tablesIn,
  unitsIn,
  type Layout,
  type ReadUnit,
} from '../testing/broadcast.spec-support';
import { continuityFaults } from '../testing/continuity.spec-support';
import { packetsOf } from '../testing/synthetic-stream.spec-support';
import { StreamHistory } from './stream-history';
import { StreamIngest, type IngestVerdict } from './stream-ingest';

const FRAMES = 120;
/** The frame at which the broadcast moves to other PIDs. */
const CHANGE = 60;

interface Played {
  readonly out: Buffer;
  readonly verdicts: readonly IngestVerdict[];
  readonly programme: Programme | null;
}

function play(sources: readonly Buffer[], size = 1316): Played {
  const history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 60_000 });
  const owner = { appended: () => undefined, joinable: () => undefined };
  const ingest = new StreamIngest(history, owner);
  const verdicts = sources.map((source, index) => {
    ingest.beginSource();
    let verdict: IngestVerdict = 'ok';
    for (let at = 0; at < source.length && verdict === 'ok'; at += size) {
      verdict = ingest.push(source.subarray(at, at + size), index * 10_000 + at / 1000);
    }
    return verdict;
  });
  const out = Buffer.concat(history.ring.newest(Infinity).map(({ bytes }) => bytes));
  return { out, verdicts, programme: history.scanner.programme };
}

/**
 * Frames `from` to `to` of one broadcast as an engine sends them: in the layout `before` until frame `CHANGE`, in
 * `after` from there on.
 */
function piece(before: Layout, after: Layout, from: number, to: number, seed = 1): Buffer {
  const show = { seed, frames: FRAMES, gop: 10, bFrames: false, startTicks: 90_000 };
  const parts = ([before, after] as const).map((layout, part) => {
    const { bytes, frameAt } = broadcast({ ...show, layout });
    const [first, last] = part === 0 ? [from, Math.min(to, CHANGE)] : [Math.max(from, CHANGE), to];
    return first < last ? bytes.subarray(frameAt[first], frameAt[last]) : Buffer.alloc(0);
  });
  return Buffer.concat(parts);
}

const moved = (layout: Layout, by: number): Layout => ({
  ...layout,
  videoPid: layout.videoPid + by,
  pcrPid: layout.pcrPid + by,
  audios: layout.audios.map(({ pid, type }) => ({ pid: pid + by, type })),
  version: layout.version + 1,
});

const flagged = (out: Buffer): number =>
  packetsOf(out).filter((packet) => discontinuityIndicator(packet, 0)).length;

/** Every unit of these PIDs, in order of time. */
const contentsOf = (out: Buffer, pids: readonly number[]): string[] =>
  pids
    .flatMap((pid): ReadUnit[] => unitsIn(out, pid))
    .sort((a, b) => a.dts - b.dts)
    .map(({ content }) => content);

const A = PLAIN;
const B = moved(PLAIN, 0x10);

describe('a broadcast that moves to other PIDs between two engine changes', () => {
  // The same streams as another multiplexer would announce them.
  const foreign = { ...moved(A, 0x300), programmeNumber: 7, pmtPid: 0x1300 };

  it.each<[string, Layout, Layout, number]>([
    ['both engines send the same packets', A, B, 2],
    ['the engine in between uses other PIDs', foreign, moved(foreign, 0x10), 1],
  ])('continues without loss: %s', (_what, before, after, layouts) => {
    const sources = [
      piece(A, B, 0, 30),
      piece(before, after, 20, 80),
      piece(layouts === 2 ? A : before, layouts === 2 ? B : after, 70, 119),
    ];
    const { out, verdicts } = play(sources);
    expect(verdicts).toEqual(['ok', 'ok', 'ok']);
    expect(flagged(out)).toBe(0);
    expect(continuityFaults(out)).toEqual([]);
    const whole = piece(A, A, 0, 119);
    for (const [own, other] of [
      [A.videoPid, B.videoPid],
      [A.audios[0]!.pid, B.audios[0]!.pid],
    ] as const) {
      const expected = contentsOf(whole, [own]);
      // The last unit before a move cannot be recognised as complete.
      const found = contentsOf(out, [own, other]);
      expect(found.length).toBeGreaterThanOrEqual(expected.length - 1);
      expect(expected).toEqual(expect.arrayContaining(found.slice(0, -1)));
      expect(new Set(found).size).toBe(found.length);
    }
    const { streams } = tablesIn(out);
    const told = layouts === 2 ? B : A;
    expect(streams.map(({ pid }) => pid)).toEqual([told.videoPid, told.audios[0]!.pid]);
  });

  it('continues when it moves back and forth, and when it moved while there was no source', () => {
    const sources = [
      piece(A, B, 0, 30),
      piece(A, B, 30, 70),
      piece(B, A, 50, 80, 2),
      piece(B, B, 70, 119, 3),
    ];
    const { out, verdicts } = play(sources);
    expect(verdicts).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(continuityFaults(out)).toEqual([]);
  });
});

describe('a broadcast whose PIDs are rewritten', () => {
  it('can lose its audio and regain it', () => {
    const other = { ...moved(A, 0x300), pmtPid: 0x1300 };
    const silent = { ...other, audios: [], version: 9 };
    const sources = [
      piece(A, A, 0, 30),
      Buffer.concat([piece(other, silent, 20, 90), piece(other, other, 90, 119)]),
    ];
    const { out, verdicts } = play(sources);
    expect(verdicts).toEqual(['ok', 'ok']);
    expect(continuityFaults(out)).toEqual([]);
    const { streams, versions } = tablesIn(out);
    expect(versions).toEqual([0, 1, 2]);
    expect(streams.map(({ pid }) => pid)).toEqual([A.videoPid, A.audios[0]!.pid]);
    expect(unitsIn(out, A.videoPid)).toHaveLength(118);
    expect(unitsIn(out, A.audios[0]!.pid)).toHaveLength(118 - 30);
  });
});

describe('a source whose programme changes without end', () => {
  const show = { seed: 2, frames: 40, gop: 10, bFrames: false, startTicks: 2 ** 31 };
  /** PMTs of 700 streams, each time with one new stream, after the programme that plays. */
  const flood = (count: number): Buffer => {
    const writer = new TsWriter();
    for (let n = 0; n < count; n++) {
      const others = Array.from({ length: 700 }, (_, at) => ({
        pid: 0x400 + at + (n % 9),
        type: 3,
      }));
      const streams = [{ pid: A.videoPid, type: 0x1b }, { pid: 0x101, type: 0x0f }, ...others];
      writer
        .section(0, patSection([[1, A.pmtPid]]))
        .section(A.pmtPid, pmtSection(1, A.videoPid, streams, (n + 1) & 31));
    }
    return writer.bytes();
  };

  it.each([
    [
      'in a source whose PIDs are rewritten',
      Buffer.concat([broadcast({ ...show, layout: A }).bytes, flood(300)]),
    ],
    [
      'before its splice point is found',
      Buffer.concat([flood(300), broadcast({ ...show, layout: A }).bytes]),
    ],
  ])('is abandoned: %s', (_where, bytes) => {
    const { verdicts, out } = play([piece(A, A, 0, 50), bytes], 65_424);
    expect(verdicts).toEqual(['ok', expect.stringMatching(/^excessive_/)]);
    expect(continuityFaults(out)).toEqual([]);
  });
});
