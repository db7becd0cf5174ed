import { withLag } from '../../src/kernel/testing/lag.spec-support';
import {
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  SIM_PIDS,
  startProduct,
  startSimulator,
  streamPath,
  StreamAudit,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { concurrently } from './support/concurrently';
import { loadSegment, manifestPath, openHls } from './support/hls';
import { whyNoPrograms } from './support/programs';
import { decode } from './support/recording';
import { expectNothingLeft } from './support/remains';

type Fault = { readonly kind: string } & Readonly<Record<string, unknown>>;

const KEPT_BYTES = 8_000_000;
/** A start that nothing ends takes 60 s. */
const IN_TIME_MS = 30_000;
const PAT_PID = 0;
/** PIDs of the markers by which tests count, beside streams on other PIDs. */
const MARKERS = { markers: SIM_PIDS.marker } as const;
const LOW = { pmt: 0x10, video: 0x12, audio: 0x13, ...MARKERS } as const;
const USUAL = { pmt: 0x1000, video: 0x100, audio: 0x101 } as const;

const why = whyNoPrograms('ffmpeg');

(why === null ? describe : describe.skip)(`streams as encoders make them ${why ?? ''}`, () => {
  let engine: Simulator;
  let spare: Simulator;
  let product: Product;

  beforeAll(async () => {
    const start = (name: string): Promise<Simulator> =>
      startSimulator({ name, bitrateMbps: 2, startDelayMs: 100, burstSeconds: 5 });
    [engine, spare] = await Promise.all([start('engine'), start('spare')]);
    const limits = { MAX_STREAMS_PER_ENGINE: '20', PROXY_STARTS_PER_ENGINE: '20' };
    const env = { ...limits, PROXY_GRACE_PERIOD: '300ms', PROXY_RETRY_BASE: '50ms' };
    product = await startProduct({ engines: [engine, spare], env });
  });

  async function content(...faults: readonly Fault[]): Promise<string> {
    const id = newContentId();
    for (const one of [engine, spare]) {
      for (const fault of faults) await one.fault({ ...fault, content: id });
    }
    return id;
  }

  const open = (id: string): Viewer =>
    openViewer(product.url(streamPath(id)), { keepBytes: KEPT_BYTES });

  const packetsOf = ({ pids }: StreamAudit, pid: number): number => pids.get(pid)?.packets ?? 0;

  /** Waits for 1 s of media and everything that a receiver needs to decode them. */
  async function plays(viewer: Viewer, pids: { pmt: number; video: number }): Promise<void> {
    await viewer.until((audit) => packetsOf(audit, pids.video) > 100, IN_TIME_MS, 'pictures');
    await viewer.receiveMore(1500);
    expect([...viewer.audit.firstPids.slice(0, 3)]).toEqual([PAT_PID, pids.pmt, pids.video]);
    expect(viewer.audit.continuityErrors).toBe(0);
  }

  async function isWhole(body: Buffer, pictures: number): Promise<true> {
    const decoded = await decode(body);
    expect(decoded.complaints).toEqual([]);
    expect(decoded.pictures).toBeGreaterThan(pictures);
    return true;
  }

  const PLAYS: readonly [string, { pmt: number; video: number; audio: number }, Fault][] = [
    ['PIDs below 0x20', LOW, { kind: 'foreign_pids', ...LOW }],
    ['no PAT', USUAL, { kind: 'odd_tables', pat: 'none' }],
    ['a PAT of the network only', USUAL, { kind: 'odd_tables', pat: 'network' }],
    ['a PAT that refers to a missing PMT', USUAL, { kind: 'odd_tables', pat: 'elsewhere' }],
    ['tables with a wrong CRC', USUAL, { kind: 'odd_tables', crc: 'wrong' }],
    ['tables that are never in force', USUAL, { kind: 'odd_tables', in_force: 'later' }],
    ['another programme first that is off air', USUAL, { kind: 'programme_off_air' }],
  ];

  concurrently(
    Object.fromEntries(
      PLAYS.map(([what, pids, fault]) => [
        `play with ${what}, for the first viewer, a later one and HLS`,
        async () => {
          const id = await content(fault);
          const first = open(id);
          await plays(first, pids);
          const later = open(id);
          await plays(later, pids);
          // The decoder waits for every announced stream.
          const isAllThere = fault.kind !== 'programme_off_air';
          if (isAllThere) await eventually(() => isWhole(first.kept(), 100), IN_TIME_MS);
          const { segments } = await openHls(product, manifestPath(id));
          const segment = await loadSegment(segments.at(-1)!);
          const audit = new StreamAudit();
          audit.feed(segment);
          expect([...audit.firstPids.slice(0, 3)]).toEqual([PAT_PID, pids.pmt, pids.video]);
          if (isAllThere) await isWhole(segment, 20);
          const { failovers, attempts } = await product.session(id);
          expect([failovers, attempts.length]).toEqual([0, 1]);
          first.destroy();
          later.destroy();
        },
      ]),
    ),
  );

  it('play their audio if announced video never arrives, in MPEG-TS and HLS', async () => {
    const id = await content({ kind: 'mute_stream', clock: 'lost' });
    const viewer = open(id);
    await viewer.until((audit) => packetsOf(audit, USUAL.audio) > 50, IN_TIME_MS, 'sound');
    expect(viewer.audit.firstPids.slice(0, 3)).toEqual([PAT_PID, USUAL.pmt, USUAL.audio]);
    const { segments } = await openHls(product, manifestPath(id));
    const audit = new StreamAudit();
    audit.feed(await loadSegment(segments[0]!));
    expect(packetsOf(audit, USUAL.audio)).toBeGreaterThan(20);
    expect(packetsOf(audit, USUAL.video)).toBe(0);
    expect((await product.session(id)).failovers).toBe(0);
    viewer.destroy();
  });

  it('continue when they move to other PIDs between two engine changes', async () => {
    const id = newContentId();
    const moves = { kind: 'foreign_pids', version: 1, shift: 16, ...MARKERS };
    // After the first engine change, also on a busy machine.
    const since_unix_ms = Date.now() + 8000;
    for (const one of [engine, spare]) await one.fault({ ...moves, since_unix_ms, content: id });
    const viewer = open(id);
    // An engine that was never asked for the content does not know it.
    const end = (): Promise<unknown> =>
      Promise.allSettled(
        [engine, spare].map((one) =>
          one.control('POST', '/__sim/readers', { action: 'end', content: id }),
        ),
      );
    // More than the three pictures that prove an overlap, before and after the move.
    await viewer.until((audit) => packetsOf(audit, USUAL.video) > 500, IN_TIME_MS, 'pictures');
    await end();
    await eventually(async () => (await product.session(id)).failovers === 1, IN_TIME_MS, 'one');
    await viewer.until((audit) => packetsOf(audit, USUAL.video + 16) > 500, IN_TIME_MS, 'the move');
    await end();
    await eventually(async () => (await product.session(id)).failovers === 2, IN_TIME_MS, 'both');
    await viewer.receiveMore(1500);
    expect(viewer.ending).toBeNull();
    expect(viewer.audit.flagged).toBe(0);
    expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
    viewer.destroy();
  });

  const FLOODS: readonly [string, Fault][] = [
    ['PATs', { kind: 'table_flood' }],
    ['small PATs', { kind: 'table_flood', what: 'small_pats' }],
    ['PMTs', { kind: 'table_flood', what: 'pmt', entries: 800 }],
  ];

  concurrently({
    'are refused without tables, after another engine was tried': async () => {
      const id = await content({ kind: 'no_psi' });
      const viewer = open(id);
      const { detail } = await expectProblem(viewer, 501, 'unsupported_content');
      expect(detail).toMatch(/PAT and PMT/);
      expect(viewer.headAfterMs).toBeLessThan(withLag(IN_TIME_MS));
      expect(await engine.starts(id)).toHaveLength(1);
      expect(await spare.starts(id)).toHaveLength(1);
      // The failure is remembered, and no engine is asked again.
      await expectProblem(open(id), 501, 'unsupported_content');
      expect((await engine.starts(id)).length + (await spare.starts(id)).length).toBe(2);
    },
    ...Object.fromEntries(
      FLOODS.map(([what, fault]) => [
        `end with the reason when they are a flood of ${what}`,
        async () => {
          const id = await content(fault);
          const viewer = open(id);
          // A viewer may have joined before the budget was exceeded.
          if ((await viewer.status()) === 200) expect((await viewer.closed).how).toBe('rst');
          const { detail } = await expectProblem(open(id), 501, 'unsupported_content');
          expect(detail).toMatch(/tables too often/);
          expect((await engine.starts(id)).length + (await spare.starts(id)).length).toBe(1);
        },
      ]),
    ),
  });

  it('leave the engines healthy, and nothing behind', async () => {
    const { body } = await product.api('GET', '/engines');
    expect((body as { state: string }[]).map(({ state }) => state)).toEqual(['healthy', 'healthy']);
    await expectNothingLeft(product, [engine, spare]);
  });
});
