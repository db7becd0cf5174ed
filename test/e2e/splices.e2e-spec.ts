import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  eventually,
  newContentId,
  openViewer,
  scoped,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { runProgram, temporaryFolder, whyNoPrograms } from './support/programs';
import { expectHonest, expectUntouched } from './support/session-facts';
import { PACKET_BYTES, pidOf, SIM_PIDS, startsUnit } from './support/ts-packet';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const KEPT_BYTES = 20_000_000;
/** So much past media that the new source's burst contains the end of the old source, even if it comes late. */
const BURST_SECONDS = 12;
/** It takes 6 s until past media of this length have arrived. */
const SLOW_BURST_SECONDS = 24;
const SLOW_BURST_FACTOR = 4;
const SOME_MS = 1000;
/** Half of the default of PROXY_STALL_TIMEOUT: a kill is detected at once, not by silence. */
const SOON_MS = 7500;

interface Stage {
  readonly product: Product;
  readonly viewer: Viewer;
  /** The engine that plays, and the other one. */
  readonly playing: Simulator;
  readonly other: Simulator;
}

async function watch(id: string): Promise<Stage> {
  const engines = await Promise.all(
    ['one', 'two'].map((name) =>
      startSimulator({ name, bitrateMbps: 2, startDelayMs: 300, burstSeconds: BURST_SECONDS }),
    ),
  );
  const product = await startProduct({ engines, env: { PROXY_RETRY_BASE: '50ms' } });
  const viewer = openViewer(product.url(streamPath(id)), { keepBytes: KEPT_BYTES });
  await viewer.playing();
  const { container_id: engineId } = await product.session(id);
  const playing = engines.find((engine) => engine.engineId === engineId)!;
  await viewer.receiveMore(1500);
  return { product, viewer, playing, other: engines.find((engine) => engine !== playing)! };
}

async function isPlayedBy(product: Product, id: string, engine: Simulator): Promise<void> {
  await eventually(
    async () => (await product.session(id)).container_id === engine.engineId,
    30_000,
    'the other engine',
  );
}

/** The received media without the incomplete last picture and audio unit. */
function wholeUnits(body: Buffer): Buffer {
  const packets: Buffer[] = [];
  const lastStart = new Map<number, number>();
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    if (startsUnit(body, at)) lastStart.set(pidOf(body, at), packets.length);
    packets.push(body.subarray(at, at + PACKET_BYTES));
  }
  const isWhole = (packet: Buffer, n: number): boolean => {
    const pid = pidOf(packet, 0);
    if (pid !== SIM_PIDS.video && pid !== SIM_PIDS.audio) return true;
    return n < lastStart.get(pid)!;
  };
  return Buffer.concat(packets.filter(isWhole));
}

/** The complaints of ffmpeg about the received file. */
async function complaintsOf(body: Buffer): Promise<string[]> {
  const file = join(temporaryFolder(), 'spliced.ts');
  writeFileSync(file, wholeUnits(body));
  const player = runProgram(
    'ffmpeg',
    ...['-hide_banner', '-nostdin', '-v', 'warning', '-i', file],
    ...['-map', '0:v', '-map', '0:a', '-c', 'copy', '-f', 'mpegts', '-y', '/dev/null'],
    ...['-map', '0:v', '-map', '0:a', '-f', 'null', '-'],
  );
  await eventually(() => player.ended !== null, 60_000, 'ffmpeg');
  expect(player.ended!.code).toBe(0);
  // The simulator's markers are announced as private data without timestamps.
  return player.lines.filter((line) => line.trim() !== '' && !line.includes('time for stream 2'));
}

describe('a viewer over two engines, in one response', () => {
  const why = whyNoPrograms('ffmpeg');
  const decoding = why === null ? it.concurrent : it.skip;

  decoding(
    `engine killed: nothing is lost or repeated ${why ?? ''}`,
    scoped(async () => {
      const id = newContentId();
      const { product, viewer, playing, other } = await watch(id);
      playing.kill();
      await isPlayedBy(product, id, other);
      await viewer.receiveMore(3000);
      // Lost or repeated packets would show here, and so would a flag, because the overlap was proved.
      expectUntouched(viewer.audit);
      expect(viewer.audit.continuityErrors + viewer.audit.tableContinuityErrors).toBe(0);
      expect(viewer.audit.pids.get(SIM_PIDS.video)).toMatchObject({ backSteps: 0 });
      expect(viewer.audit.longestGapMs).toBeLessThan(withLag(SOON_MS));
      expect(viewer.ending).toBeNull();
      expect(await complaintsOf(viewer.kept())).toEqual([]);
    }),
  );

  decoding(
    `engine killed, the other one has other PIDs, counters and tables: nothing is lost or repeated ${why ?? ''}`,
    scoped(async () => {
      const id = newContentId();
      const { product, viewer, playing, other } = await watch(id);
      await other.fault({ kind: 'foreign_pids', content: id, shift: 64, version: 5 });
      playing.kill();
      await isPlayedBy(product, id, other);
      await viewer.receiveMore(3000);
      expectUntouched(viewer.audit);
      expect(viewer.audit.continuityErrors + viewer.audit.tableContinuityErrors).toBe(0);
      expect(viewer.audit.pids.get(SIM_PIDS.pmt)).toMatchObject({ versions: [0], crcErrors: 0 });
      for (const pid of [SIM_PIDS.video, SIM_PIDS.audio, SIM_PIDS.marker, SIM_PIDS.pmt]) {
        expect(viewer.audit.pids.has(pid + 64)).toBe(false);
      }
      expect(viewer.ending).toBeNull();
      expect(await complaintsOf(viewer.kept())).toEqual([]);
    }),
  );

  decoding(
    `engine killed, the other one has other timestamps and PIDs: one timeline ${why ?? ''}`,
    scoped(async () => {
      const id = newContentId();
      const { product, viewer, playing, other } = await watch(id);
      await other.fault({ kind: 'foreign_pids', content: id, shift: 16 });
      await other.setContent(id, { pts_offset: 90_000 * 3600 });
      playing.kill();
      await isPlayedBy(product, id, other);
      await viewer.until((audit) => audit.flagged > 0, 20_000, 'a flagged splice');
      await viewer.receiveMore(3000);
      expectHonest(viewer.audit);
      expect(viewer.audit.markers.jumps).toHaveLength(1);
      for (const pid of [SIM_PIDS.video, SIM_PIDS.audio]) {
        const audit = viewer.audit.pids.get(pid)!;
        expect(audit).toMatchObject({ backSteps: 0, flagged: 1, continuityErrors: 0 });
        // Without a trace of the splice: 25 pictures per second, and audio in larger units.
        expect(audit.largestStepMs).toBeLessThan(700);
      }
      expect(viewer.ending).toBeNull();
      // The kill may cut the last unit of sound, which the flag announces.
      const complaints = (await complaintsOf(viewer.kept())).filter(
        (line) => !/Packet corrupt|not in ADTS format/.test(line),
      );
      expect(complaints.filter((line) => /timestamp|DTS|PTS|continuity/i.test(line))).toEqual([]);
    }),
  );

  decoding(
    `engine killed, the other one takes seconds to catch up: nothing is repeated ${why ?? ''}`,
    scoped(async () => {
      const id = newContentId();
      const { product, viewer, playing, other } = await watch(id);
      await other.setContent(id, { burst_seconds: SLOW_BURST_SECONDS });
      await other.fault({ kind: 'slow_burst', content: id, factor: SLOW_BURST_FACTOR });
      playing.kill();
      await isPlayedBy(product, id, other);
      await viewer.receiveMore(3000);
      expectUntouched(viewer.audit);
      expect(viewer.audit.continuityErrors + viewer.audit.tableContinuityErrors).toBe(0);
      expect(viewer.audit.pids.get(SIM_PIDS.video)).toMatchObject({ backSteps: 0 });
      // The later the session was opened, the fewer past media it had to send.
      expect(viewer.audit.longestGapMs).toBeGreaterThan(
        (SLOW_BURST_SECONDS / SLOW_BURST_FACTOR) * 1000 - SOME_MS,
      );
      expect(viewer.ending).toBeNull();
      expect(await complaintsOf(viewer.kept())).toEqual([]);
    }),
  );

  it.concurrent(
    'engine killed, the other one begins later: only the missing media are flagged',
    scoped(async () => {
      const id = newContentId();
      const { product, viewer, playing, other } = await watch(id);
      await other.setContent(id, { burst_seconds: 0 });
      playing.kill();
      await isPlayedBy(product, id, other);
      await viewer.until((audit) => audit.flagged > 0, 20_000, 'a flagged splice');
      await viewer.receiveMore(2000);
      expectHonest(viewer.audit);
      const [jump] = viewer.audit.markers.jumps;
      expect(viewer.audit.markers.jumps).toHaveLength(1);
      // The start of the other engine, and up to one group of pictures.
      expect(jump!.packets).toBeGreaterThan(0);
      expect(jump!.ms).toBeLessThan(SOON_MS + 3000);
      expect(viewer.audit.pids.get(SIM_PIDS.video)).toMatchObject({ backSteps: 0 });
    }),
  );
});
