import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { nullPackets, pid, TS_PACKET } from '../mpegts';
import { tablesIn, unitsIn } from '../testing/broadcast.spec-support';
import { continuityFaults } from '../testing/continuity.spec-support';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { StreamHistory } from './stream-history';
import { StreamIngest, type IngestVerdict } from './stream-ingest';

const FIXTURE = readFileSync(join(__dirname, '../mpegts/fixtures/h264-aac.m2t'));
const HTML = Buffer.from('<html><body>500 internal error</body></html>'.repeat(2000));

class Stage {
  readonly history = new StreamHistory({ maxBytes: 32 * 1024 * 1024, maxAgeMs: 60_000 });
  appended = 0;
  joinable = 0;
  readonly ingest = new StreamIngest(this.history, {
    appended: () => this.appended++,
    joinable: () => this.joinable++,
  });

  constructor() {
    this.ingest.beginSource();
  }

  push(bytes: Buffer, nowMs = 0): IngestVerdict {
    return this.ingest.push(bytes, nowMs);
  }

  /** Sends the bytes in pieces of `size` until the source is refused. */
  pushAll(bytes: Buffer, size = 1316, nowMs = 0): IngestVerdict {
    for (let at = 0; at < bytes.length; at += size) {
      const verdict = this.push(bytes.subarray(at, at + size), nowMs);
      if (verdict !== 'ok') return verdict;
    }
    return 'ok';
  }

  stored(): Buffer {
    this.history.ring.commit();
    const views: Buffer[] = [];
    const { ring } = this.history;
    for (let at = ring.tail, view; (view = ring.view(at)) !== null; at += view.length) {
      views.push(view);
    }
    return Buffer.concat(views);
  }
}

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

describe('the first source', () => {
  it('is taken from its first packet, however its bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (cuts) => {
        const cut = new Stage();
        let at = 0;
        for (let i = 0; at < FIXTURE.length; at += cuts[i++ % cuts.length]!) {
          const end = at + cuts[i % cuts.length]!;
          expect(cut.push(FIXTURE.subarray(at, end))).toBe('ok');
        }
        // The packets that would prove the alignment of the last one never arrive.
        const stored = cut.stored();
        expect(FIXTURE.length - stored.length).toBeLessThan(3 * 188);
        expect(stored.equals(FIXTURE.subarray(0, stored.length))).toBe(true);
        expect(cut.history.points.count).toBe(4);
      }),
      { numRuns: 30 },
    );
  });

  it('may begin in the middle of a packet', () => {
    stage.pushAll(FIXTURE.subarray(100));
    expect(stage.stored()[0]).toBe(0x47);
    expect(stage.stored().subarray(0, 376).equals(FIXTURE.subarray(188, 564))).toBe(true);
    expect(stage.ingest.totalResyncs).toBe(0);
  });

  it('counts resynchronisations, over all sources', () => {
    const torn = Buffer.concat([FIXTURE.subarray(0, 18_800), FIXTURE.subarray(18_900)]);
    stage.pushAll(torn);
    expect(stage.ingest.totalResyncs).toBe(1);
    stage.ingest.beginSource();
    stage.pushAll(torn);
    expect(stage.ingest.totalResyncs).toBe(2);
  });

  it('notifies its listener of appended bytes, and once that viewers can join', () => {
    stage.pushAll(FIXTURE.subarray(0, 560));
    expect(stage.joinable).toBe(0);
    expect(stage.ingest.isJoinable).toBe(false);
    stage.pushAll(FIXTURE.subarray(560));
    expect(stage.joinable).toBe(1);
    expect(stage.ingest.isJoinable).toBe(true);
    expect(stage.appended).toBeGreaterThan(10);
    expect(stage.ingest.bytesIn).toBe(FIXTURE.length);
  });

  it('that is no transport stream is refused after 64 KiB, and keeps its first bytes', () => {
    expect(stage.pushAll(HTML.subarray(0, 64 * 1024 - 1))).toBe('ok');
    expect(stage.push(HTML.subarray(0, 1))).toBe('not_transport_stream');
    expect(stage.ingest.head.equals(HTML.subarray(0, stage.ingest.head.length))).toBe(true);
    expect(stage.ingest.head.length).toBeGreaterThanOrEqual(64);
    expect(stage.stored()).toHaveLength(0);
  });

  it('that loses alignment for 1 MiB is garbage, and no earlier', () => {
    stage.pushAll(FIXTURE);
    const noise = Buffer.alloc(1024 * 1024 + 400, 0x11);
    expect(stage.pushAll(noise.subarray(0, 1024 * 1024 - 400))).toBe('ok');
    expect(stage.pushAll(noise.subarray(1024 * 1024 - 400))).toBe('garbage');
  });

  it('may lose less than that repeatedly', () => {
    const noise = Buffer.alloc(700_000, 0x11);
    for (let i = 0; i < 4; i++) {
      expect(stage.pushAll(FIXTURE)).toBe('ok');
      expect(stage.pushAll(noise)).toBe('ok');
    }
  });

  it('lets viewers join without a random access point after 3 s of media', () => {
    const stream = new SyntheticStream({ gop: 0 });
    stage.pushAll(stream.take(10));
    stage.pushAll(stream.take(60), 1316, 2800);
    expect(stage.joinable).toBe(0);
    stage.pushAll(stream.take(10), 1316, 3200);
    expect(stage.joinable).toBe(1);
    expect(stage.history.firstJoinPoint()?.position).toBe(376);
    stage.pushAll(stream.take(100), 1316, 7200);
    expect(stage.joinable).toBe(1);
  });

  it('waits 1 s for a random access point in a burst', () => {
    const stream = new SyntheticStream({ gop: 0 });
    stage.pushAll(stream.take(200));
    stage.pushAll(stream.take(1), 1316, 990);
    expect(stage.joinable).toBe(0);
    stage.pushAll(stream.take(1), 1316, 1000);
    expect(stage.joinable).toBe(1);
  });

  it('offers no join point without PAT and PMT, and is abandoned 4 s after its first media', () => {
    stage.push(nullPackets(50), 500);
    const stream = new SyntheticStream({ psi: false });
    expect(stage.pushAll(stream.take(200), 1316, 5000)).toBe('ok');
    expect(stage.pushAll(stream.take(25), 1316, 8900)).toBe('ok');
    expect(stage.joinable).toBe(0);
    expect(stage.pushAll(stream.take(25), 1316, 9000)).toBe('no_tables');
  });

  it('offers no join point when its tables announce streams that never send, and is abandoned as if it had no tables', () => {
    const announced = new SyntheticStream({ videoPid: 0x300, audioPid: 0x301 }).take(1);
    const tables = announced.subarray(0, 2 * TS_PACKET);
    const stream = new SyntheticStream({ psi: false });
    for (let second = 0; second < 4; second++) {
      const verdict = stage.pushAll(
        Buffer.concat([tables, stream.take(50)]),
        1316,
        1000 + second * 999,
      );
      expect(verdict).toBe('ok');
    }
    expect(stage.history.scanner.programme?.streams.map((one) => one.pid)).toEqual([0x300, 0x301]);
    expect(stage.joinable).toBe(0);
    expect(stage.pushAll(stream.take(25), 1316, 5000)).toBe('no_tables');
  });

  it('is not abandoned once announced streams have sent media, also if the tables then announce others', () => {
    const stream = new SyntheticStream();
    expect(stage.pushAll(stream.take(60), 1316, 1000)).toBe('ok');
    const announced = new SyntheticStream({ videoPid: 0x300, audioPid: 0x301 }).take(1);
    expect(stage.push(announced.subarray(0, 2 * TS_PACKET), 6000)).toBe('ok');
    expect(stage.pushAll(stream.take(20), 1316, 90_000)).toBe('ok');
  });

  it('is not abandoned once its tables have arrived', () => {
    const stream = new SyntheticStream();
    expect(stage.pushAll(stream.take(60), 1316, 1000)).toBe('ok');
    expect(stage.pushAll(stream.take(60), 1316, 90_000)).toBe('ok');
  });

  /** Removes the PAT. */
  const withoutPat = (bytes: Buffer): Buffer =>
    Buffer.concat(packetsOf(bytes).filter((packet) => pid(packet, 0) !== 0));

  it('gets its missing tables, for its viewers and those of the next source', () => {
    const stream = new SyntheticStream();
    expect(stage.pushAll(withoutPat(stream.take(150)))).toBe('ok');
    expect(stage.joinable).toBe(1);
    const { position, preface } = stage.history.firstJoinPoint()!;
    expect(packetsOf(preface).map((packet) => pid(packet, 0))).toEqual([0, 0x1000]);
    expect(stage.history.points.count).toBe(3);
    stage.ingest.beginSource();
    expect(stage.pushAll(withoutPat(new SyntheticStream().take(250)))).toBe('ok');
    const out = stage.stored().subarray(position);
    expect(continuityFaults(Buffer.concat([preface, out]))).toEqual([]);
    expect(tablesIn(out).pmtPids).toEqual([0x1000]);
    expect(unitsIn(out, 0x100).length).toBeGreaterThan(170);
  });

  it('does not count padding and tables as media', () => {
    stage.pushAll(FIXTURE, 1316, 1);
    const { mediaPackets, lastMediaMs } = stage.ingest;
    expect(lastMediaMs).toBe(1);
    stage.pushAll(Buffer.concat([nullPackets(50), FIXTURE.subarray(0, 564)]), 1316, 2);
    expect(stage.ingest.mediaPackets).toBe(mediaPackets);
    expect(stage.ingest.lastMediaMs).toBe(1);
  });

  it('knows the size of its burst: media minus elapsed time', () => {
    const stream = new SyntheticStream();
    expect(stage.ingest.aheadOfWallMs(0)).toBe(0);
    stage.pushAll(stream.take(25), 1316, 1000);
    stage.pushAll(stream.take(500), 1316, 1000);
    expect(stage.ingest.aheadOfWallMs(1000)).toBeGreaterThan(20_500);
    expect(stage.ingest.aheadOfWallMs(1000)).toBeLessThan(21_200);
    expect(stage.ingest.aheadOfWallMs(21_000)).toBeLessThan(1200);
  });
});
