import { discontinuityIndicator, hasPayload, pid, TS_PACKET } from '../mpegts';
import { writePacket } from '../mpegts/fixtures/ts-writer';
import { continuityFaults } from '../testing/continuity.spec-support';
import {
  packetsOf,
  SyntheticStream,
  type SyntheticOptions,
} from '../testing/synthetic-stream.spec-support';
import { StreamHistory } from './stream-history';
import { StreamIngest, type IngestVerdict } from './stream-ingest';

const VIDEO = 0x100;
const AUDIO = 0x101;

let history: StreamHistory;
let ingest: StreamIngest;
let first: SyntheticStream;

/** A stream that has run for 4 s when its source ends. */
beforeEach(() => {
  history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 60_000 });
  ingest = new StreamIngest(history, { appended: () => undefined, joinable: () => undefined });
  ingest.beginSource();
  first = new SyntheticStream();
  push(first.take(100));
  ingest.beginSource();
});

function push(bytes: Buffer, size = 1316, nowMs = 0): IngestVerdict {
  for (let at = 0; at < bytes.length; at += size) {
    const verdict = ingest.push(bytes.subarray(at, at + size), nowMs);
    if (verdict !== 'ok') return verdict;
  }
  return 'ok';
}

/** A source that begins 1 s later in the middle of a group of pictures, like a new engine session. */
function secondSource(frames: number, options: Partial<SyntheticOptions> = {}): Buffer {
  const stream = new SyntheticStream({ startMs: 4600, ...options });
  stream.take(10);
  return stream.take(frames);
}

function storedFrom(position: number): Buffer {
  history.ring.commit();
  const views: Buffer[] = [];
  for (let at = position, view; (view = history.ring.view(at)) !== null; at += view.length) {
    views.push(view);
  }
  return Buffer.concat(views);
}

const ofStreams = (bytes: Buffer): Buffer =>
  Buffer.concat(packetsOf(bytes).filter((packet) => [VIDEO, AUDIO].includes(pid(packet, 0))));

/** Flags for the tables, the tables, flags for the media. */
const PREFACE_PIDS = [0, 0x1000, 0, 0x1000, VIDEO, AUDIO];

describe('a second source', () => {
  it('is buffered until its first random access point', () => {
    const end = history.ring.end;
    // Frames 10 to 24: the next key frame is frame 25.
    expect(push(secondSource(15))).toBe('ok');
    expect(history.ring.end).toBe(end);
    expect(ingest.mediaPackets).toBeGreaterThan(history.scanner.mediaPackets);
  });

  it.each([
    ['packet by packet', TS_PACKET],
    ['as it comes from a socket', 1316],
    ['in one piece', 10_000_000],
  ])('is entered there, with each PID flagged, when it arrives %s', (_, size) => {
    const end = history.ring.end;
    const source = secondSource(60);
    expect(push(source, size)).toBe('ok');
    const spliced = packetsOf(storedFrom(end));
    expect(spliced.slice(0, 6).map((packet) => pid(packet, 0))).toEqual(PREFACE_PIDS);
    for (const packet of [...spliced.slice(0, 2), ...spliced.slice(4, 6)]) {
      expect(hasPayload(packet, 0)).toBe(false);
      expect(discontinuityIndicator(packet, 0)).toBe(true);
    }
    // From the key frame on, the source verbatim.
    const media = Buffer.concat(spliced.slice(6));
    const at = source.indexOf(media.subarray(0, TS_PACKET));
    expect(media.equals(source.subarray(at, at + media.length))).toBe(true);
    expect(media.subarray(0, TS_PACKET).includes(Buffer.from([0, 0, 1, 0x65]))).toBe(true);
    expect(continuityFaults(ofStreams(storedFrom(0)))).toEqual([]);
  });

  it.each([
    ['nothing after the overlap has arrived', 75],
    ['some media after the overlap have arrived', 76],
    ['only tables after the overlap have arrived', 75.5],
  ])('continues the counters when its overlap is proved and %s', (_, frames) => {
    // The second source from its second on that begins with frame 25 of the first source.
    const stream = new SyntheticStream({ startMs: 1000 });
    const past = stream.take(Math.floor(frames));
    const rest = stream.take(60);
    const end = history.ring.end;
    const heldBack = frames % 1 === 0 ? 0 : 2 * TS_PACKET;
    push(Buffer.concat([past, rest.subarray(0, heldBack)]), 10_000_000);
    push(rest.subarray(heldBack));
    const spliced = packetsOf(storedFrom(end));
    expect(spliced.filter((packet) => discontinuityIndicator(packet, 0))).toEqual([]);
    expect(spliced.length).toBeGreaterThan(50);
    expect(continuityFaults(storedFrom(0))).toEqual([]);
  });

  it('becomes a join point, and media time continues', () => {
    const points = history.points.count;
    const before = history.mediaTimeAt(history.ring.end)!;
    push(secondSource(60), 1316, 5000);
    expect(history.points.count).toBe(points + 2);
    const after = history.mediaTimeAt(history.ring.end)!;
    expect(after - before).toBeGreaterThan(0);
    expect(after - before).toBeLessThan(10_000);
  });

  it('with other PIDs and another time base is rewritten to those of the stream', () => {
    const end = history.ring.end;
    const other = { videoPid: 0x200, audioPid: 0x100, pmtPid: 0x101, startMs: 500_000 };
    expect(push(secondSource(60, other))).toBe('ok');
    const spliced = packetsOf(storedFrom(end));
    expect(spliced.slice(0, 6).map((packet) => pid(packet, 0))).toEqual(PREFACE_PIDS);
    expect(continuityFaults(storedFrom(0))).toEqual([]);
    expect(new Set(spliced.map((packet) => pid(packet, 0)))).toEqual(new Set(PREFACE_PIDS));
  });

  it('without any random access point is entered after its PSI after 3 s', () => {
    const end = history.ring.end;
    const source = new SyntheticStream({ gop: 0, startMs: 5000 });
    push(source.take(70));
    expect(history.ring.end).toBe(end);
    push(source.take(30));
    const spliced = packetsOf(storedFrom(end));
    expect(spliced.slice(0, 6).map((packet) => pid(packet, 0))).toEqual(PREFACE_PIDS);
    expect(discontinuityIndicator(spliced[4]!, 0)).toBe(true);
    expect(spliced.length).toBeGreaterThan(800);
  });

  it('without PSI is never entered, however long', () => {
    const end = history.ring.end;
    const source = new SyntheticStream({ psi: false, frameBytes: 100_000 });
    const chunk = source.take(25);
    for (let i = 0; i < 8; i++) expect(push(chunk, 65_536)).toBe('ok');
    expect(history.ring.end).toBe(end);
  });

  it('that announces audio but never sends it is entered after 1 s', () => {
    const end = history.ring.end;
    const source = secondSource(80);
    const silent = packetsOf(source).filter((packet) => pid(packet, 0) !== AUDIO);
    push(Buffer.concat(silent));
    const spliced = packetsOf(storedFrom(end));
    expect(spliced.slice(0, 5).map((packet) => pid(packet, 0))).toEqual(PREFACE_PIDS.slice(0, 5));
    expect(spliced.length).toBeGreaterThan(200);
  });

  it("does not keep the socket's buffers", () => {
    const end = history.ring.end;
    const source = secondSource(60);
    for (let at = 0; at < source.length; at += 1316) {
      const lent = Buffer.from(source.subarray(at, at + 1316));
      ingest.push(lent, 0);
      lent.fill(0);
    }
    const stored = storedFrom(end).subarray(PREFACE_PIDS.length * TS_PACKET);
    expect(source.includes(stored)).toBe(true);
  });
});

describe('tables other than PAT and PMT', () => {
  const SDT = 0x11;
  const EIT = 0x12;
  const TDT = 0x14;

  /** The packets of `bytes` with occasional packets of each table, whose counters start at `from`. */
  function withTables(bytes: Buffer, from: number): Buffer {
    const every = new Map([
      [SDT, 60],
      [EIT, 7],
      [TDT, 150],
    ]);
    const counters = new Map([...every.keys()].map((id, n) => [id, from + n]));
    const due = (id: number, n: number): Buffer[] => {
      if (n % every.get(id)! !== 5) return [];
      const counter = counters.get(id)! & 0x0f;
      counters.set(id, counter + 1);
      return [writePacket({ pid: id, counter, unitStart: true, payload: Buffer.alloc(184, id) })];
    };
    return Buffer.concat(
      packetsOf(bytes).flatMap((packet, n) => [
        packet,
        ...[...every.keys()].flatMap((id) => due(id, n)),
      ]),
    );
  }

  it.each([
    ['with the same times', 4600],
    ['with other times', 500_000],
  ])(
    'continue or are flagged where a source %s is entered, even if they are rare',
    (_, startMs) => {
      history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 60_000 });
      ingest = new StreamIngest(history, { appended: () => undefined, joinable: () => undefined });
      ingest.beginSource();
      push(withTables(new SyntheticStream().take(100), 0));
      const end = history.ring.end;
      ingest.beginSource();
      push(withTables(secondSource(150, { startMs }), 9));
      const spliced = storedFrom(end);
      const count = (id: number): number =>
        packetsOf(spliced).filter((packet) => pid(packet, 0) === id).length;
      expect([count(SDT), count(EIT), count(TDT)].every((packets) => packets > 1)).toBe(true);
      expect(continuityFaults(storedFrom(0))).toEqual([]);
      expect(history.scanner.continuityErrors).toBe(0);
    },
  );
});

describe('a second source after a first one without data', () => {
  it('is taken from its first packet', () => {
    history = new StreamHistory({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 60_000 });
    ingest = new StreamIngest(history, { appended: () => undefined, joinable: () => undefined });
    ingest.beginSource();
    ingest.push(Buffer.from('no packet'), 0);
    ingest.beginSource();
    const source = secondSource(20);
    push(source);
    const stored = storedFrom(0);
    expect(stored.equals(source.subarray(0, stored.length))).toBe(true);
  });
});
