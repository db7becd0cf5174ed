import fc from 'fast-check';
import { discontinuityIndicator, pcr, pid, ticksBetween, TS_PACKET } from '../mpegts';
import { TsWriter } from '../mpegts/fixtures/ts-writer';
import {
  broadcast,
  PLAIN,
  tablesIn,
  unitsIn,
  wrap,
  type Layout,
  type Programme,
} from '../testing/broadcast.spec-support';
import { continuityFaults } from '../testing/continuity.spec-support';
import { packetsOf } from '../testing/synthetic-stream.spec-support';
import { StreamHistory } from './stream-history';
import { StreamIngest, type IngestVerdict } from './stream-ingest';

const FRAMES = 90;
const RUNS = { numRuns: 25 };

/** Feeds one source after the other. Returns the outgoing bytes and the verdict on each source. */
function play(
  sources: readonly Buffer[],
  size = 1316,
  apartMs = 10_000,
): { out: Buffer; verdicts: IngestVerdict[] } {
  const history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 60_000 });
  const ingest = new StreamIngest(history, {
    appended: () => undefined,
    joinable: () => undefined,
  });
  const verdicts = sources.map((source, index) => {
    ingest.beginSource();
    let verdict: IngestVerdict = 'ok';
    for (let at = 0; at < source.length && verdict === 'ok'; at += size) {
      verdict = ingest.push(source.subarray(at, at + size), index * apartMs + at / 1000);
    }
    return verdict;
  });
  return { out: Buffer.concat(history.ring.newest(Infinity).map(({ bytes }) => bytes)), verdicts };
}

const isClockOwn = ({ pcrPid, videoPid }: Layout): boolean => pcrPid !== videoPid;

const clockedAs = (first: Layout, second: Layout): Layout => {
  const free = [0x1f00, 0x1f01, 0x1f02, 0x1f03, 0x1f04].find(
    (id) => ![second.pmtPid, second.dataPid, ...streamsOf(second)].includes(id),
  )!;
  return { ...second, pcrPid: isClockOwn(first) ? free : second.videoPid };
};

/**
 * The versions of the PMT after a second source. Equal streams need one version, unless the PCR moves to another PID.
 */
const versionsAfter = (first: Layout, second: Layout): number[] => {
  const { version } = first;
  return isClockOwn(first) === isClockOwn(second) ? [version] : [version, (version + 1) % 32];
};

const flagged = (out: Buffer): number =>
  packetsOf(out).filter((packet) => discontinuityIndicator(packet, 0)).length;

/** PIDs of the streams of a layout, by position in it. */
const streamsOf = ({ videoPid, audios }: Layout): number[] => [
  videoPid,
  ...audios.map(({ pid: audio }) => audio),
];

const clocks = (out: Buffer, pcrPid: number): number[] =>
  packetsOf(out).flatMap((packet) => {
    const ticks = pid(packet, 0) === pcrPid ? pcr(packet, 0) : -1;
    return ticks < 0 ? [] : [Math.floor(ticks / 300)];
  });

const layouts = (audios: readonly number[], hasData: boolean): fc.Arbitrary<Layout> =>
  fc
    .record({
      // One PID in three is in the range that DVB reserves for tables.
      pids: fc.uniqueArray(
        fc.oneof(
          { weight: 1, arbitrary: fc.integer({ min: 0x03, max: 0x1f }) },
          { weight: 2, arbitrary: fc.integer({ min: 0x20, max: 0x1ffe }) },
        ),
        { minLength: 9, maxLength: 9 },
      ),
      programmeNumber: fc.integer({ min: 1, max: 65_535 }),
      version: fc.integer({ min: 0, max: 31 }),
      packetsBefore: fc.integer({ min: 0, max: 40 }),
      hasOwnClock: fc.boolean(),
    })
    .map(({ pids, hasOwnClock, ...rest }) => ({
      ...rest,
      pmtPid: pids[0]!,
      videoPid: pids[1]!,
      pcrPid: hasOwnClock ? pids[2]! : pids[1]!,
      dataPid: hasData ? pids[3]! : null,
      audios: audios.map((type, index) => ({ pid: pids[4 + index]!, type })),
    }));

/**
 * Two layouts with the same streams. No stream has the PID of another stream of its type, because it would be matched
 * with that one.
 */
const layoutPairs = fc
  .tuple(fc.array(fc.constantFrom(0x0f, 0x03, 0x81), { minLength: 1, maxLength: 3 }), fc.boolean())
  .chain(([audios, hasData]) => fc.tuple(layouts(audios, hasData), layouts(audios, hasData)))
  .filter(([first, second]) =>
    first.audios.every((one, index) =>
      second.audios.every((other, at) => at === index || other.pid !== one.pid),
    ),
  );

const shows = fc.record({
  seed: fc.nat(1000),
  gop: fc.integer({ min: 3, max: 30 }),
  bFrames: fc.boolean(),
  // One in three wraps its timestamps within the piece.
  startTicks: fc.oneof(
    fc.integer({ min: 0, max: 2 ** 32 }),
    fc.integer({ min: 2, max: 2 ** 32 }).map((n) => n * 2 + 1),
    fc.integer({ min: 0, max: FRAMES * 3600 }).map((n) => 2 ** 33 - n),
  ),
  size: fc.constantFrom(188, 1316, 65_536, 10_000_000),
});

describe('a source with proved overlap', () => {
  it('continues each PID where the old one ended, for any PIDs, versions and counters', () => {
    fc.assert(
      fc.property(
        shows,
        layoutPairs,
        fc.integer({ min: 40, max: 60 }),
        fc.integer({ min: 0, max: 30 }),
        fc.nat(40),
        ({ size, ...show }, [first, second], end, from, extra) => {
          // PCRs at other positions would split the pictures into other packets, so both use the same PCR PID.
          const layout = clockedAs(first, second);
          const old = broadcast({ ...show, frames: FRAMES, layout: first });
          const fresh = broadcast({ ...show, frames: FRAMES, layout });
          // In the middle of a unit, as when a process is killed.
          const cut = old.frameAt[end]! + (extra % 12) * TS_PACKET;
          const { out, verdicts } = play(
            [old.bytes.subarray(0, cut), fresh.bytes.subarray(fresh.frameAt[from])],
            size,
          );
          expect(verdicts).toEqual(['ok', 'ok']);
          for (const stream of streamsOf(first)) {
            const units = unitsIn(out, stream);
            expect(units).toEqual(unitsIn(old.bytes, stream).slice(0, units.length));
            expect(units.length).toBeGreaterThanOrEqual(FRAMES - 1);
          }
          expect(continuityFaults(out)).toEqual([]);
          expect(flagged(out)).toBe(0);
          const { versions, pmtPids, streams } = tablesIn(out);
          expect(pmtPids).toEqual([first.pmtPid]);
          expect(versions).toEqual([first.version]);
          expect(streams).toEqual(tablesIn(old.bytes).streams);
        },
      ),
      RUNS,
    );
  });

  it.each([
    ['packet by packet', TS_PACKET],
    ['as it comes from a socket', 1316],
    ['in one piece', 10_000_000],
  ])('continues the counters when only they differ and it arrives %s', (_, size) => {
    const show = { seed: 1, gop: 10, bFrames: false, startTicks: 0, frames: FRAMES };
    const old = broadcast({ ...show, layout: PLAIN });
    const fresh = broadcast({ ...show, layout: { ...PLAIN, packetsBefore: 7 } });
    const { out } = play(
      [old.bytes.subarray(0, old.frameAt[50]), fresh.bytes.subarray(fresh.frameAt[20])],
      size,
    );
    expect(continuityFaults(out)).toEqual([]);
    expect(flagged(out)).toBe(0);
    expect(unitsIn(out, PLAIN.videoPid)).toEqual(unitsIn(old.bytes, PLAIN.videoPid));
  });

  it('with other packet boundaries is entered at a key frame, flagged, when the old one ended within a packet', () => {
    const show = { seed: 1, gop: 10, bFrames: false, startTicks: 0, frames: FRAMES };
    const old = broadcast({ ...show, layout: PLAIN });
    const fresh = broadcast({ ...show, layout: { ...PLAIN, pcrPid: 0x200 } });
    // The part of a picture that was sent ends where no packet of the new source ends.
    const frame = old.frameAt.findIndex(
      (at, n) => n > 40 && n % 5 !== 0 && old.frameAt[n + 1]! - at > 7 * TS_PACKET,
    );
    const { out } = play([old.bytes.subarray(0, old.frameAt[frame]! + TS_PACKET), fresh.bytes]);
    expect(flagged(out)).toBe(5);
    expect(continuityFaults(out)).toEqual([]);
    const times = unitsIn(out, PLAIN.videoPid).map(({ dts }) => dts / 3600);
    const entry = Math.ceil((frame + 1) / 10) * 10;
    const until = Array.from({ length: frame + 1 }, (_, n) => n);
    const after = Array.from({ length: FRAMES - 1 - entry }, (_, n) => entry + n);
    expect(times).toEqual([...until, ...after]);
  });

  it('is not rewritten when it is the same multiplex', () => {
    fc.assert(
      fc.property(shows, fc.integer({ min: 500, max: 900 }), ({ size, ...show }, packets) => {
        const layout = { ...PLAIN, dataPid: 0x1abc };
        const { bytes, frameAt } = broadcast({ ...show, frames: FRAMES * 2, layout });
        const { out } = play(
          [bytes.subarray(0, packets * TS_PACKET), bytes.subarray(frameAt[10])],
          size,
        );
        expect(out.equals(bytes)).toBe(true);
      }),
      RUNS,
    );
  });

  it('is recognised when the previous source had its time base shifted', () => {
    const show = { seed: 1, gop: 10, bFrames: true, layout: PLAIN, frames: FRAMES };
    const one = broadcast({ ...show, startTicks: 0 });
    const two = broadcast({ ...show, seed: 2, startTicks: 2 ** 32 });
    const { out } = play([
      one.bytes,
      two.bytes.subarray(0, two.frameAt[60]! + 3 * TS_PACKET),
      two.bytes.subarray(two.frameAt[30]),
    ]);
    // One splice is flagged for the new time base, the second one is not.
    expect(flagged(out)).toBe(4);
    const contents = unitsIn(out, PLAIN.videoPid).map(({ content }) => content);
    const expected = [one, two].flatMap(({ bytes }) =>
      unitsIn(bytes, PLAIN.videoPid).map(({ content }) => content),
    );
    expect(contents.filter((one) => expected.includes(one))).toHaveLength(2 * (FRAMES - 1));
    expect(new Set(contents).size).toBe(contents.length);
    expect(continuityFaults(out)).toEqual([]);
  });
});

describe('a source with another time base', () => {
  it('is shifted by one common offset, so that every clock continues, including the time without media', () => {
    fc.assert(
      fc.property(
        shows,
        layoutPairs,
        fc.integer({ min: 60 * 90_000, max: 2 ** 32 }),
        fc.integer({ min: 0, max: 30 }),
        fc.nat(12),
        fc.constantFrom(0, 1900, 10_000),
        ({ size, ...show }, [first, second], apart, from, extra, silentMs) => {
          const old = broadcast({ ...show, frames: FRAMES, layout: first });
          const other: Programme = {
            ...show,
            seed: show.seed + 5000,
            startTicks: wrap(show.startTicks + FRAMES * 3600 + 130 * 90_000 + apart),
            frames: FRAMES,
            layout: second,
          };
          const fresh = broadcast(other);
          const cut = old.frameAt[50]! + extra * TS_PACKET;
          const { out, verdicts } = play(
            [old.bytes.subarray(0, cut), fresh.bytes.subarray(fresh.frameAt[from])],
            size,
            silentMs,
          );
          // The source delivers less than 4 s at once, so that this time is not missed.
          const missed = silentMs < 2000 ? [0, 0] : [90 * (silentMs - 4500), 90 * silentMs];
          expect(verdicts).toEqual(['ok', 'ok']);
          expect(continuityFaults(out)).toEqual([]);
          const offsets = new Set<number>();
          streamsOf(first).forEach((own, index) => {
            const units = unitsIn(out, own);
            const source = new Map(
              unitsIn(fresh.bytes, streamsOf(second)[index]!).map((unit) => [unit.content, unit]),
            );
            const spliced = units.filter(({ content }) => source.has(content));
            // Whole units only, in order, up to the end.
            expect(spliced.length).toBeGreaterThan(FRAMES - 1 - from - show.gop - 3);
            for (const unit of spliced) {
              const { pts, dts } = source.get(unit.content)!;
              offsets.add(wrap(unit.pts - pts)).add(wrap(unit.dts - dts));
            }
            const at = units.indexOf(spliced[0]!);
            units.slice(1).forEach(({ dts }, index) => {
              const [least, most] = index + 1 === at ? missed : [0, 0];
              const step = ticksBetween(units[index]!.dts, dts);
              expect(step).toBeGreaterThan(least!);
              expect(step).toBeLessThan(7 * 3600 + most!);
            });
            // The new source is presented after everything that was sent, also where pictures were sent before earlier
            // presented ones.
            const shownFrom = spliced[0]!.pts;
            for (const unit of units.slice(0, at)) {
              expect(ticksBetween(unit.pts, shownFrom)).toBeGreaterThan(0);
            }
          });
          expect(offsets.size).toBe(1);
          const { pcrPid, versions } = tablesIn(out);
          expect(versions).toEqual(versionsAfter(first, second));
          const ticks = clocks(out, pcrPid);
          ticks.slice(1).forEach((to, at) => {
            expect(Math.abs(ticksBetween(ticks[at]!, to))).toBeLessThan(8 * 3600 + missed[1]!);
          });
        },
      ),
      RUNS,
    );
  });
});

describe('a source of the same time base without overlap', () => {
  it.each([
    ['2 s later', 2],
    ['9 s later', 9],
  ])('%s is not shifted: players see the size of the gap', (_, seconds) => {
    const show = { gop: 10, bFrames: true, layout: PLAIN, frames: FRAMES };
    const old = broadcast({ ...show, seed: 1, startTicks: 1000 });
    const startTicks = 1000 + (FRAMES + seconds * 25) * 3600;
    const fresh = broadcast({ ...show, seed: 2, startTicks });
    const { out } = play([old.bytes, fresh.bytes]);
    // Its first tables precede the flags.
    const media = fresh.bytes.subarray(2 * TS_PACKET);
    expect(out.subarray(-media.length).equals(media)).toBe(true);
  });

  it('that begins with old media is entered after them, and no timestamp is repeated', () => {
    const show = { gop: 10, bFrames: false, layout: PLAIN, frames: FRAMES };
    const old = broadcast({ ...show, seed: 1, startTicks: 1000 });
    const fresh = broadcast({ ...show, seed: 2, startTicks: 1000 + 50 * 3600 });
    const { out } = play([old.bytes, fresh.bytes]);
    for (const stream of streamsOf(PLAIN)) {
      const units = unitsIn(out, stream);
      units.slice(1).forEach(({ dts }, at) => {
        expect(ticksBetween(units[at]!.dts, dts)).toBeGreaterThan(0);
      });
      expect(wrap(units.at(-1)!.dts + (stream === PLAIN.videoPid ? 0 : 2000))).toBe(
        1000 + 138 * 3600,
      );
    }
  });
});

describe('tables', () => {
  const show = { seed: 1, gop: 10, bFrames: false, frames: FRAMES };
  const two = { ...PLAIN, audios: [...PLAIN.audios, { pid: 0x102, type: 0x03 }], version: 31 };

  it('drop a stream that a source lacks, in the next PMT version, and restore it on its old PID', () => {
    const full = broadcast({ ...show, startTicks: 0, layout: two });
    const less = {
      ...PLAIN,
      pmtPid: 0x77,
      videoPid: 0x78,
      pcrPid: 0x78,
      audios: [{ pid: 0x79, type: 0x0f }],
    };
    const lacking = broadcast({ ...show, seed: 2, startTicks: 2 ** 31, layout: less });
    const again = broadcast({
      ...show,
      seed: 3,
      startTicks: 2 ** 30,
      layout: { ...two, videoPid: 0x300, pcrPid: 0x300 },
    });
    const { out, verdicts } = play([full.bytes, lacking.bytes, again.bytes]);
    expect(verdicts).toEqual(['ok', 'ok', 'ok']);
    expect(tablesIn(out).versions).toEqual([31, 0, 1]);
    expect(tablesIn(out).streams).toEqual(tablesIn(full.bytes).streams);
    expect(continuityFaults(out)).toEqual([]);
    expect(unitsIn(out, 0x102).length).toBeGreaterThan(150);
    expect(packetsOf(out).map((packet) => pid(packet, 0))).not.toContain(0x79);
  });

  it('announce a stream that no source had before, on a free PID', () => {
    const plain = broadcast({ ...show, startTicks: 0, layout: PLAIN });
    // Its PID is that of the outgoing video.
    const more = {
      ...two,
      videoPid: 0x200,
      pcrPid: 0x200,
      audios: [
        { pid: 0x201, type: 0x0f },
        { pid: 0x100, type: 0x03 },
      ],
    };
    const fresh = broadcast({ ...show, seed: 2, startTicks: 2 ** 31, layout: more });
    const { out } = play([plain.bytes, fresh.bytes]);
    const { streams, versions } = tablesIn(out);
    expect(versions).toEqual([0, 1]);
    expect(streams.map(({ type }) => type)).toEqual([0x1b, 0x0f, 0x03]);
    const added = streams[2]!.pid;
    expect([0, 0x1000, 0x100, 0x101, 0x1fff]).not.toContain(added);
    expect(unitsIn(out, added).map(({ content }) => content)).toEqual(
      unitsIn(fresh.bytes, 0x100).map(({ content }) => content),
    );
  });
});

describe('PIDs that DVB reserves for tables', () => {
  const show = { seed: 1, gop: 10, bFrames: false, frames: FRAMES };
  const low: Layout = {
    ...PLAIN,
    pmtPid: 0x10,
    videoPid: 0x11,
    pcrPid: 0x11,
    audios: [{ pid: 0x12, type: 0x0f }],
  };
  /** The source's service description beside its programme. */
  const withTables = (bytes: Buffer, at: number): Buffer => {
    const table = new TsWriter().packet({ pid: 0x11, payload: Buffer.alloc(184, 0x42) }).bytes();
    return Buffer.concat([bytes.subarray(0, at), table, bytes.subarray(at)]);
  };

  it('stay with the streams that viewers play there', () => {
    const first = broadcast({ ...show, startTicks: 0, layout: low });
    const second = broadcast({ ...show, seed: 2, startTicks: 2 ** 31, layout: PLAIN });
    const { out, verdicts } = play([first.bytes, withTables(second.bytes, second.frameAt[30]!)]);
    expect(verdicts).toEqual(['ok', 'ok']);
    expect(continuityFaults(out)).toEqual([]);
    expect(tablesIn(out).pmtPids).toEqual([0x10]);
    const contents = unitsIn(out, 0x11).map(({ content }) => content);
    const whole = [...unitsIn(first.bytes, 0x11), ...unitsIn(second.bytes, PLAIN.videoPid)];
    // The last unit of either source is recognised as complete only by the bytes after it.
    const others = contents.filter((one) => !whole.some(({ content }) => content === one));
    expect(others).toHaveLength(1);
    expect(contents).toHaveLength(2 * FRAMES - 1);
  });

  it('pass unchanged when they carry tables, beside streams with rewritten PIDs', () => {
    const first = broadcast({ ...show, startTicks: 0, layout: PLAIN });
    const moved = { ...PLAIN, videoPid: 0x200, pcrPid: 0x200 };
    const second = broadcast({ ...show, seed: 2, startTicks: 2 ** 31, layout: moved });
    const { out } = play([first.bytes, withTables(second.bytes, second.frameAt[30]!)]);
    expect(packetsOf(out).filter((packet) => pid(packet, 0) === 0x11)).toHaveLength(1);
  });
});

describe('a source with another kind of programme', () => {
  const show = { seed: 1, gop: 10, bFrames: false, frames: FRAMES, startTicks: 0 };
  const layoutWith = (change: Partial<Layout>): Layout => ({ ...PLAIN, ...change });

  it.each<[string, Layout]>([
    ['has another kind of audio', layoutWith({ audios: [{ pid: 0x101, type: 0x03 }] })],
    ['has no audio', layoutWith({ audios: [] })],
  ])('%s: is refused, and none of it is sent', (_, layout) => {
    const { bytes } = broadcast({ ...show, layout: PLAIN });
    const { out, verdicts } = play([bytes, broadcast({ ...show, layout }).bytes]);
    expect(verdicts).toEqual(['ok', 'programme_changed']);
    expect(out.equals(bytes)).toBe(true);
  });

  it('that begins later: is refused from that position on', () => {
    const { bytes } = broadcast({ ...show, layout: PLAIN });
    const moved = layoutWith({ videoPid: 0x200, pcrPid: 0x200 });
    const good = broadcast({ ...show, seed: 2, layout: moved }).bytes;
    const bad = broadcast({
      ...show,
      seed: 3,
      layout: { ...moved, audios: [{ pid: 9, type: 3 }] },
    });
    const { verdicts } = play([bytes, Buffer.concat([good, bad.bytes])]);
    expect(verdicts).toEqual(['ok', 'programme_changed']);
  });
});
