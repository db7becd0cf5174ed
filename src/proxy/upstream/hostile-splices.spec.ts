import fc from 'fast-check';
import { SourceBudget, TS_PACKET } from '../mpegts';
import { patSection, pes, pmtSection, TsWriter } from '../mpegts/fixtures/ts-writer';
import { broadcast, PLAIN } from '../testing/broadcast.spec-support';
import { SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { StreamHistory } from './stream-history';
import { StreamIngest, type IngestVerdict } from './stream-ingest';

const VIDEO = 0x100;
const TICKS_PER_MS = 90;
const CLOCK_PER_MS = 27_000;
/** Viewers have received the media from 0 ms up to this time. */
const RECEIVED_MS = 40_000;
const BYTES_PER_MS = 2500;
/** Maximum steps of the search per packet, however many packets are staged. */
const STEPS_PER_PACKET = 8;
/** Maximum steps of a search that finds nothing new. */
const STEPS_PER_READ = 40;

/** Tables of one video stream and `audios` audio streams, the first of which has `audioPid`. */
function tables(writer: TsWriter, version: number, audioPid = 0x101, audios = 1): void {
  const sound = Array.from({ length: audios }, (_, n) => ({ pid: audioPid + n, type: 0x0f }));
  writer
    .section(0, patSection([[1, 0x1000]]))
    .section(0x1000, pmtSection(1, VIDEO, [{ pid: VIDEO, type: 0x1b }, ...sound], version));
}

/** A picture in one packet; the PCR is `clockMs`. */
function picture(writer: TsWriter, isKey: boolean, timeMs: number, clockMs: number): void {
  const unit = Buffer.alloc(60, 0x55);
  unit.set([0, 0, 1, isKey ? 0x65 : 0x41]);
  const pcr = Math.round(clockMs * CLOCK_PER_MS);
  writer.pes({ pid: VIDEO, pcr }, pes(unit, Math.round(timeMs * TICKS_PER_MS)));
}

interface Course {
  readonly verdict: IngestVerdict;
  /** Steps of the search until the splice point was found or the source was ended. */
  readonly steps: number;
  /** How often a staged random access point was read. */
  readonly pointReads: number;
  readonly reads: number;
  readonly bytes: number;
}

/** Replaces the lost source after 40 s of media by one that sends `bytes`, in reads of `readBytes`. */
function splice(bytes: Buffer, readBytes: number): Course {
  const history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 600_000 });
  const owner = { appended: () => undefined, joinable: () => undefined };
  const ingest = new StreamIngest(history, owner);
  ingest.beginSource();
  ingest.push(new SyntheticStream({ frameBytes: 160 }).take(RECEIVED_MS / 40), 0);
  ingest.beginSource();
  const splicer = ingest['splicer']!;
  // A tenth of the usual budget, so that the test can exhaust it in a short time.
  splicer['staged'].scanner.budget = new SourceBudget({ burst: 2000, perSecond: 200, perKib: 1 });
  let pointReads = 0;
  const points = new Proxy(splicer['staged'].points, {
    get: (held, key, receiver) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) pointReads++;
      return Reflect.get(held, key, receiver) as unknown;
    },
  });
  Object.assign(splicer['staged'], { points });
  let verdict: IngestVerdict = 'ok';
  let reads = 0;
  let at = 0;
  for (; at < bytes.length && verdict === 'ok' && ingest['splicer'] === splicer; at += readBytes) {
    verdict = ingest.push(bytes.subarray(at, at + readBytes), 1000 + at / BYTES_PER_MS);
    reads++;
  }
  const { searchSteps: steps } = splicer;
  return { verdict, steps, pointReads, reads, bytes: Math.min(at, bytes.length) };
}

function expectLinear({ steps, pointReads, reads, bytes }: Course): void {
  const most = (STEPS_PER_PACKET * bytes) / TS_PACKET + STEPS_PER_READ * reads + 1000;
  expect(steps).toBeLessThan(most);
  expect(pointReads).toBeLessThan(most);
}

describe('a source that makes the search for its splice point expensive', () => {
  it.each([8 * TS_PACKET, 64 * 1024])(
    'with old key frames between new pictures costs steps in proportion to its bytes (%d bytes per read)',
    (readBytes) => {
      const writer = new TsWriter();
      tables(writer, 0);
      for (let n = 0; n < 8000; n++) {
        const clockMs = RECEIVED_MS / 2 + n / 100;
        picture(writer, true, RECEIVED_MS / 2, clockMs);
        picture(writer, false, RECEIVED_MS * 2, clockMs);
      }
      const course = splice(writer.bytes(), readBytes);
      expect(course.verdict).toBe('ok');
      expectLinear(course);
    },
  );

  it('with other streams in every table is ended, without a re-read for each table', () => {
    const writer = new TsWriter();
    for (let n = 0; n < 400; n++) {
      tables(writer, n % 32, 0x101 + (n % 2));
      for (let k = 0; k < 40; k++) picture(writer, k === 0, RECEIVED_MS / 2, RECEIVED_MS / 2);
    }
    const course = splice(writer.bytes(), 8 * TS_PACKET);
    expect(course.verdict).toBe('excessive_splice_search');
    expect(course.bytes).toBeLessThan(1024 * 1024);
  });

  it('stays within the budget for any pictures, timestamps and tables', () => {
    const step = fc.record({
      isKey: fc.boolean(),
      timeMs: fc.constantFrom(
        -1,
        0,
        RECEIVED_MS / 2,
        RECEIVED_MS - 1,
        RECEIVED_MS + 500,
        RECEIVED_MS * 2,
      ),
      clockMs: fc.constantFrom(0, RECEIVED_MS / 2, RECEIVED_MS),
      times: fc.integer({ min: 1, max: 80 }),
      tables: fc.option(
        fc.record({
          audioPid: fc.constantFrom(0x101, 0x180),
          audios: fc.integer({ min: 1, max: 40 }),
        }),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 4, max: 400 }),
        (steps, packets) => {
          const writer = new TsWriter();
          tables(writer, 0);
          steps.forEach(({ isKey, timeMs, clockMs, times, tables: other }, n) => {
            if (other !== null) tables(writer, (n + 1) % 32, other.audioPid, other.audios);
            for (let k = 0; k < times; k++)
              picture(writer, isKey, Math.max(0, timeMs), clockMs + k / 100);
          });
          const course = splice(writer.bytes(), packets * TS_PACKET);
          if (course.verdict !== 'ok') return;
          // Changed tables restart the search, which the budget bounds; each search examines every stream.
          const { steps: looked, reads, bytes } = course;
          const restarts = steps.filter(({ tables: other }) => other !== null).length;
          expect(looked).toBeLessThan(
            (STEPS_PER_PACKET * bytes) / TS_PACKET +
              (STEPS_PER_READ + 50 * 6) * reads +
              1000 +
              restarts * 20_000,
          );
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('an ordinary source', () => {
  it('that catches up slowly uses less than a tenth of its budget', () => {
    const air = broadcast({
      ...{ seed: 3, frames: 1500, gop: 25, bFrames: true, startTicks: 900_000 },
      layout: PLAIN,
    });
    const history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 600_000 });
    const owner = { appended: () => undefined, joinable: () => undefined };
    const ingest = new StreamIngest(history, owner);
    ingest.beginSource();
    ingest.push(air.bytes.subarray(0, air.frameAt[1000]), 0);
    ingest.beginSource();
    const splicer = ingest['splicer']!;
    const from = air.frameAt[500]!;
    const readBytes = 7 * TS_PACKET;
    for (let at = from; at < air.bytes.length && ingest['splicer'] === splicer; at += readBytes) {
      ingest.push(air.bytes.subarray(at, at + readBytes), 1000 + (at - from) / BYTES_PER_MS);
    }
    ingest.push(air.bytes.subarray(-20 * readBytes), 10_000);
    expect(ingest.join).toMatchObject({ isFlagged: false });
    expect(splicer.budget.highestUse).toBeLessThan(0.1);
  });
});
