import { CATALOGUE } from '../catalogue';
import { crc32 } from '../media/psi';
import {
  adaptationFlags,
  AUDIO_PID,
  hasPayload,
  NULL_PID,
  PACKET_BYTES,
  PAT_PID,
  pidOf,
  PMT_PID,
  readPcr,
  startsUnit,
  VIDEO_PID,
} from '../media/ts-packet';
import { SpecEngine, type RawConnection } from '../spec-engine';

const ID = CATALOGUE[0]!.id;

let sim: SpecEngine;
beforeEach(async () => {
  sim = await SpecEngine.open('--burst-seconds', '2');
});
afterEach(() => sim.close());

async function playWith(fault: Record<string, unknown>): Promise<RawConnection> {
  sim.fault(fault);
  const { playback_url } = await sim.start(`id=${ID}&pid=a`);
  return sim.play(playback_url);
}

const full = (connection: RawConnection): boolean => connection.body.length >= 800_000;

/** The packets after this many bytes. */
const behind = (body: Buffer, bytes: number): Buffer =>
  body.subarray(Math.ceil(bytes / PACKET_BYTES) * PACKET_BYTES);

function pids(body: Buffer): Set<number> {
  const found = new Set<number>();
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) found.add(pidOf(body, at));
  return found;
}

/** Sections of a PID that fit into one packet: table id, extension and the bytes after the header. */
function tablesOf(body: Buffer, pid: number): { isIntact: boolean; flags: number; body: Buffer }[] {
  const found = [];
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    if (pidOf(body, at) !== pid || (body.readUInt8(at + 1) & 0x40) === 0) continue;
    const section = body.subarray(at + 5, at + 8 + (body.readUInt16BE(at + 6) & 0xfff));
    found.push({
      isIntact: crc32(section) === 0,
      flags: section.readUInt8(5),
      body: section.subarray(8, -4),
    });
  }
  return found;
}

describe('faults of the tables and of the announced streams', () => {
  test.each([
    [{ pat: 'none' }, [], true, 1],
    [{ pat: 'network' }, [0, 0xe010], true, 1],
    [{ pat: 'elsewhere' }, [1, 0xe200], true, 1],
    [{ crc: 'wrong' }, [1, 0xe000 | PMT_PID], false, 1],
    [{ in_force: 'later' }, [1, 0xe000 | PMT_PID], true, 0],
  ])('odd_tables %j', async (how, listed, isIntact, inForce) => {
    const { body } = await (await playWith({ kind: 'odd_tables', ...how })).until(full);
    const pats = tablesOf(body, PAT_PID);
    expect(pats.length > 0).toBe(listed.length > 0);
    for (const pat of pats) {
      expect([pat.body.readUInt16BE(0), pat.body.readUInt16BE(2)]).toEqual(listed);
    }
    const tables = [...pats, ...tablesOf(body, PMT_PID)];
    expect(tables.length).toBeGreaterThan(0);
    for (const table of tables) {
      expect(table.isIntact).toBe(isIntact);
      expect(table.flags & 1).toBe(inForce);
    }
  });

  test('programme_off_air: lists a first programme with a PMT but without media', async () => {
    const { body } = await (await playWith({ kind: 'programme_off_air' })).until(full);
    const [pat] = tablesOf(body, PAT_PID);
    expect(pat!.body.readUInt16BE(2) & 0x1fff).toBe(0x0ff0);
    expect(tablesOf(body, 0x0ff0).length).toBeGreaterThan(0);
    const seen = pids(body);
    expect([seen.has(0x0ff1), seen.has(0x0ff2), seen.has(VIDEO_PID)]).toEqual([false, false, true]);
  });

  test.each(['pat', 'small_pats', 'pmt'])(
    'table_flood of %s: every table differs',
    async (what) => {
      const { body } = await (
        await playWith({ kind: 'table_flood', what, entries: 30 })
      ).until(full);
      expect(pids(body).has(0x1fff)).toBe(false);
      const tables = tablesOf(body, what === 'pmt' ? PMT_PID : PAT_PID);
      expect(tables.length).toBeGreaterThan(100);
      expect(tables.every(({ isIntact }) => isIntact)).toBe(true);
      expect(new Set(tables.map(({ flags }) => flags)).size).toBe(32);
    },
  );

  test('time_flood: pictures with their own times and continuous counters', async () => {
    const { body } = await (await playWith({ kind: 'time_flood', seconds: 100 })).until(full);
    expect(pids(body).has(NULL_PID)).toBe(false);
    const clocks: number[] = [];
    const counters: number[] = [];
    for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
      if (pidOf(body, at) !== VIDEO_PID) continue;
      if (hasPayload(body, at)) counters.push(body.readUInt8(at + 3) & 0x0f);
      if (startsUnit(body, at) && (adaptationFlags(body, at) & 0x50) === 0x50) {
        clocks.push(readPcr(body, at));
      }
    }
    expect(counters.slice(1).every((next, i) => next === ((counters[i]! + 1) & 0x0f))).toBe(true);
    const leaps = clocks.slice(1).filter((next, i) => next - clocks[i]! === 100 * 27_000_000);
    expect(leaps.length).toBeGreaterThan(1000);
  });

  test('mute_stream: is announced and has a clock, but no media', async () => {
    const { body } = await (await playWith({ kind: 'mute_stream' })).until(full);
    const video: number[] = [];
    for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
      if (pidOf(body, at) === VIDEO_PID) video.push(body.readUInt8(at + 3) & 0x30);
    }
    // After the picture in which the body begins.
    expect(new Set(video.slice(-10))).toEqual(new Set([0x20]));
    sim.engine.faults.clear();
    const lost = await (await playWith({ kind: 'mute_stream', stream: 'audio' })).until(full);
    const rest = pids(behind(lost.body, 400_000));
    expect([rest.has(VIDEO_PID), rest.has(AUDIO_PID)]).toEqual([true, false]);
  });

  test('foreign_pids with a PID for each stream, from a time of the broadcast on', async () => {
    const since_unix_ms = Date.now() - 1000;
    const where = { pmt: 0x10, video: 0x12, audio: 0x13, markers: 0x14, since_unix_ms };
    const { body } = await (await playWith({ kind: 'foreign_pids', ...where })).until(full);
    const moved = tablesOf(body, 0x10);
    expect(moved.every((table) => table.isIntact)).toBe(true);
    expect(moved[0]!.body.readUInt16BE(0) & 0x1fff).toBe(0x12);
    const before = body.subarray(0, 100_000);
    const usual = new Set([PAT_PID, 0x11, PMT_PID, VIDEO_PID, AUDIO_PID, 0x1abc, NULL_PID]);
    expect([...pids(before)].filter((pid) => !usual.has(pid))).toEqual([]);
    const others = new Set([PAT_PID, 0x10, 0x11, 0x12, 0x13, 0x14, NULL_PID]);
    expect([...pids(behind(body, 700_000))].filter((pid) => !others.has(pid))).toEqual([]);
  });
});
