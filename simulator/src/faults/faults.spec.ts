import { gunzipSync } from 'node:zlib';
import { CATALOGUE } from '../catalogue';
import { readMarker } from '../media/marker';
import { crc32 } from '../media/psi';
import { steps } from '../media/steps.spec-support';
import {
  NULL_PID,
  PACKET_BYTES,
  PAT_PID,
  pidOf,
  PMT_PID,
  readPcr,
  TIMESTAMP_WRAP,
  VIDEO_PID,
} from '../media/ts-packet';
import { SpecEngine, type RawConnection } from '../spec-engine';
import { FaultBook } from './fault-book';

const [CARD, CARD2] = CATALOGUE;
const ID = CARD!.id;
const GETSTREAM = `/ace/getstream?format=json&id=${ID}&pid=a`;

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

function pids(body: Buffer): Set<number> {
  const found = new Set<number>();
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) found.add(pidOf(body, at));
  return found;
}

function markers(body: Buffer): bigint[] {
  const found: bigint[] = [];
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    const marker = readMarker(body, at);
    if (marker) found.push(marker.packetNumber);
  }
  return found;
}

describe('the conditions of a fault', () => {
  const appliedTo = (fault: Record<string, unknown>, requests: number): number[] => {
    const book = new FaultBook();
    book.add({ kind: 'never', ...fault });
    const all = Array.from({ length: requests }, (_, n) => n + 1);
    return all.filter(() => book.matchFaults('getstream', [ID, CARD!.infohash]).all.length > 0);
  };

  test.each([
    [{}, [1, 2, 3, 4, 5]],
    [{ nth: 2 }, [2]],
    [{ nth: [1, 4] }, [1, 4]],
    [{ from: 4 }, [4, 5]],
    [{ times: 2 }, [1, 2]],
    [{ from: 2, times: 2 }, [2, 3]],
    [{ where: 'stat' }, []],
    [{ where: 'any', nth: 3 }, [3]],
    [{ content: ID }, [1, 2, 3, 4, 5]],
    [{ content: CARD!.infohash.toUpperCase() }, [1, 2, 3, 4, 5]],
    [{ content: CARD2!.id }, []],
  ])('%j', (fault, expected) => {
    expect(appliedTo(fault, 5)).toEqual(expected);
  });

  test.each([
    [{ kind: 'nonsense' }],
    [{ kind: 'never', where: 'moon' }],
    [{ kind: 'never', nth: 0 }],
    [null],
  ])('refuses %j', (fault) => {
    expect(() => new FaultBook().add(fault)).toThrow();
  });
});

describe('JSON answers', () => {
  test.each([
    [
      { kind: 'json_error', text: 'got newer download' },
      { response: null, error: 'got newer download' },
    ],
    [
      { kind: 'error_object' },
      { response: null, error: { message: 'failed to load content', code: 0 } },
    ],
    [{ kind: 'empty_response' }, { response: {}, error: null }],
    [{ kind: 'missing_playback_url', mode: 'empty' }, { response: { playback_url: '' } }],
    [{ kind: 'wrong_types' }, { response: { playback_url: 12_345, is_live: '1' } }],
    [{ kind: 'not_live', is_live: -1 }, { response: { is_live: -1 } }],
    [{ kind: 'url_override', stat_url: 'ftp://x/' }, { response: { stat_url: 'ftp://x/' } }],
  ])('%j', async (fault, expected) => {
    sim.fault(fault);
    expect((await sim.get(GETSTREAM)).json()).toMatchObject(expected);
  });

  test.each([['malformed_json'], ['truncated_json'], ['empty_body']])('%s', async (kind) => {
    sim.fault({ kind });
    const answer = await sim.get(GETSTREAM);
    expect(answer.status).toBe(200);
    expect(() => answer.json()).toThrow();
  });

  test('huge_json', async () => {
    sim.fault({ kind: 'huge_json', bytes: 300_000 });
    expect((await sim.get(GETSTREAM)).body.length).toBeGreaterThan(300_000);
  });

  test.each([
    ['foreign_host', /^http:\/\/engine\.invalid:6878\/ace\/r/],
    ['wrong_port', /^http:\/\/127\.0\.0\.1:1\/ace\/r/],
    ['relative_url', /^\/ace\/r/],
  ])('%s', async (kind, expected) => {
    sim.fault({ kind });
    expect((await sim.start(`id=${ID}`)).playback_url).toMatch(expected);
  });

  test('network_disconnected', async () => {
    sim.fault({ kind: 'network_disconnected' });
    const answer = await sim.get('/server/api?api_version=3&method=get_network_connection_status');
    expect(answer.json()).toMatchObject({ result: { connected: false } });
  });
});

describe('answers', () => {
  test('http_status with body and type', async () => {
    sim.fault({ kind: 'http_status', status: 502, body: '<html>', content_type: 'text/html' });
    const answer = await sim.get(GETSTREAM);
    expect([answer.status, answer.body.toString()]).toEqual([502, '<html>']);
    expect(answer.head).toContain('Content-Type: text/html');
  });

  test('delay: the session is opened although the client has disconnected', async () => {
    sim.fault({ kind: 'delay', ms: 100 });
    const request = sim.request(GETSTREAM);
    while (sim.engine.journal.list().length === 0) await new Promise(setImmediate);
    request.socket.destroy();
    while (sim.engine.counters()['sessions_open'] !== 1) await new Promise(setImmediate);
  });

  test.each([['never'], ['stop_hangs']])('%s leaves the socket open', async (kind) => {
    sim.fault({ kind, where: 'cmd' });
    const { command_url } = await sim.start(`id=${ID}&pid=a`);
    const stop = sim.request(`${command_url}?method=stop`);
    while (sim.engine.journal.list('/ace/cmd').length === 0) await new Promise(setImmediate);
    expect((await sim.get('/search')).status).toBe(200);
    expect([stop.data.length, stop.end]).toEqual([0, 'open']);
  });

  test('close resets', async () => {
    sim.fault({ kind: 'close' });
    expect((await sim.get(GETSTREAM)).end).toBe('reset');
  });

  test('slow_headers: byte by byte, optionally without an end', async () => {
    sim.fault({ kind: 'slow_headers', where: 'getstream', ms: 1, until: 'never' });
    const answer = await sim
      .request(GETSTREAM)
      .until((connection) => connection.data.includes('X-Padding-1:'));
    expect(answer.data.includes('\r\n\r\n')).toBe(false);
  });

  test.each([
    ['start_timeout', 'start timeout'],
    ['download_not_found', 'download not found'],
  ])('%s, then media', async (kind, text) => {
    sim.fault({ kind, times: 2, ms: 1 });
    const { playback_url } = await sim.start(`id=${ID}&pid=a`);
    for (let n = 0; n < 2; n += 1) {
      const answer = await sim.get(playback_url);
      expect([answer.status, answer.body.toString()]).toEqual([500, text]);
    }
    expect((await sim.get(playback_url)).status).toBe(302);
  });

  test('redirects to another host, to itself, to a closed port, with an endless body', async () => {
    const { playback_url } = await sim.start(`id=${ID}&pid=a`);
    const locationWith = async (fault: Record<string, unknown>): Promise<string> => {
      sim.engine.faults.replace([fault]);
      return (await sim.get(playback_url)).location;
    };
    expect(await locationWith({ kind: 'redirect', location: 'http://10.0.0.1/x' })).toBe(
      'http://10.0.0.1/x',
    );
    expect(await locationWith({ kind: 'redirect_loop' })).toBe(playback_url);
    expect(await locationWith({ kind: 'redirect_closed_port' })).toContain('127.0.0.1:1/');
    sim.engine.faults.replace([{ kind: 'redirect_endless_body', ms: 1 }]);
    await sim.request(playback_url).until((connection) => connection.body.length > 20);
  });

  test('session_limit, deny, max_connections, crash', async () => {
    sim.engine.faults.replace([{ kind: 'session_limit', limit: 1 }]);
    await sim.start(`id=${ID}&pid=a`);
    const full = await sim.get(`/ace/getstream?format=json&id=${CARD2!.id}&pid=b`);
    expect(full.json()['error']).toBe('failed to start');
    sim.engine.faults.replace([{ kind: 'deny' }]);
    expect((await sim.get(GETSTREAM)).status).toBe(403);
    sim.engine.faults.replace([{ kind: 'max_connections', limit: 0 }]);
    expect((await sim.get(GETSTREAM)).end).toBe('reset');
    sim.engine.faults.replace([{ kind: 'crash', code: 7 }]);
    await sim.get(GETSTREAM);
    expect(sim.crashes).toEqual([7]);
  });

  test.each([
    ['stat_unknown', { response: null, error: 'unknown playback session id' }],
    ['stat_zero_peers', { response: { peers: 0, speed_down: 0 } }],
    ['stat_zero_speed', { response: { peers: 12, speed_down: 0 } }],
  ])('%s', async (kind, expected) => {
    const { stat_url } = await sim.start(`id=${ID}&pid=a`);
    await sim.get(stat_url);
    sim.fault({ kind });
    expect((await sim.get(stat_url)).json()).toMatchObject(expected);
  });
});

test('stat_position_stuck: the live position stays at its first value', async () => {
  const lastTs = async (): Promise<number> =>
    Number(Object((await sim.get(stat_url)).json()).response.livepos?.last_ts);
  const { stat_url } = await sim.start(`id=${ID}&pid=a`);
  await sim.get(stat_url);
  while (!((await lastTs()) > 0));
  const first = await lastTs();
  while (!((await lastTs()) > first + 1));
  sim.fault({ kind: 'stat_position_stuck' });
  expect(await lastTs()).toBeLessThanOrEqual(first);
});

describe('media', () => {
  const full = (connection: RawConnection): boolean => connection.body.length >= 600_000;

  test('no_data: a head and nothing else', async () => {
    const reader = await (
      await playWith({ kind: 'no_data' })
    ).until((connection) => connection.data.includes('\r\n\r\n'));
    await sim.get('/search');
    expect(reader.body).toHaveLength(0);
  });

  test('stall_after: stalls after exactly this many bytes, and continues with the next byte', async () => {
    const reader = await playWith({ kind: 'stall_after', bytes: 100_001, resume_after_ms: 200 });
    await reader.until((connection) => connection.body.length === 100_001);
    const numbers = markers((await reader.until(full)).body);
    expect(numbers.every((number, n) => n === 0 || number > numbers[n - 1]!)).toBe(true);
    expect(reader.body.readUInt8(100_016)).toBe(0x47); // 100 016 = 532 × 188
  });

  test.each([
    [{ kind: 'end_after', bytes: 50_000 }, 50_000, 'clean'],
    [{ kind: 'cut_mid_packet', bytes: 188_000 }, 188_094, 'clean'],
    [{ kind: 'end_after', ms: 50 }, null, 'clean'],
    [{ kind: 'reset_after', ms: 50 }, null, 'reset'],
    [{ kind: 'session_stolen', ms: 50 }, null, 'clean'],
  ])('%j', async (fault, bytes, end) => {
    const reader = await (await playWith(fault)).until((connection) => connection.end !== 'open');
    expect(reader.end).toBe(end);
    if (bytes !== null) expect(reader.body).toHaveLength(bytes);
  });

  test('session_stolen: the addresses of the session answer like those of an ended one', async () => {
    sim.fault({ kind: 'session_stolen', bytes: 10_000, how: 'freeze' });
    const { playback_url, stat_url } = await sim.start(`id=${ID}&pid=a`);
    await (await sim.play(playback_url)).until((connection) => connection.body.length === 10_000);
    expect((await sim.get(stat_url)).json()['error']).toBe('unknown playback session id');
    expect((await sim.get(playback_url)).body.toString()).toBe('got newer download');
  });

  test('no_psi and no_random_access keep the other packets', async () => {
    const bare = pids((await (await playWith({ kind: 'no_psi' })).until(full)).body);
    expect([bare.has(PAT_PID), bare.has(VIDEO_PID)]).toEqual([false, true]);
    sim.engine.faults.clear();
    const { body } = await (await playWith({ kind: 'no_random_access' })).until(full);
    for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
      const isVideo = pidOf(body, at) === VIDEO_PID && (body.readUInt8(at + 3) & 0x20) !== 0;
      if (isVideo && body.readUInt8(at + 4) > 0) expect(body.readUInt8(at + 5) & 0x40).toBe(0);
    }
  });

  test('foreign_pids changes the PIDs, tables and counters of the programme', async () => {
    const plain = pids((await (await playWith({ kind: 'jitter', ms: 1 })).until(full)).body);
    sim.engine.faults.clear();
    const fault = { kind: 'foreign_pids', shift: 32, version: 3 };
    const { body } = await (await playWith(fault)).until(full);
    expect(pids(body)).toEqual(
      new Set([...plain].map((pid) => (pid < 0x100 || pid === 0x1fff ? pid : pid + 32))),
    );
    for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
      const pid = pidOf(body, at);
      if (pid !== PAT_PID && pid !== PMT_PID + 32) continue;
      const length = 3 + (body.readUInt16BE(at + 6) & 0xfff);
      expect(crc32(body.subarray(at + 5, at + 5 + length))).toBe(0);
      expect((body.readUInt8(at + 10) >> 1) & 31).toBe(3);
      if (pid === PAT_PID) expect(body.readUInt16BE(at + 15) & 0x1fff).toBe(PMT_PID + 32);
      else expect(body.readUInt16BE(at + 13) & 0x1fff).toBe(VIDEO_PID + 32);
    }
  });

  test('misaligned_start and lost_sync shift the packets', async () => {
    const shifted = (await (await playWith({ kind: 'misaligned_start', bytes: 100 })).until(full))
      .body;
    expect([
      shifted.readUInt8(88),
      shifted.readUInt8(88 + 188),
      shifted.readUInt8(88 + 376),
    ]).toEqual([0x47, 0x47, 0x47]);
    sim.engine.faults.clear();
    const { body } = await (
      await playWith({ kind: 'lost_sync', bytes: 188_000, length: 77 })
    ).until(full);
    expect([
      body.readUInt8(187_812),
      body.readUInt8(188_000 + 111),
      body.readUInt8(188_000 + 299),
    ]).toEqual([0x47, 0x47, 0x47]);
  });

  test('html_in_middle', async () => {
    const { body } = await (await playWith({ kind: 'html_in_middle', bytes: 1000 })).until(full);
    expect(body.subarray(1000, 1006).toString()).toBe('<html>');
  });

  test('garbage damages the requested share of bytes, the same for the same seed', async () => {
    const { body } = await (await playWith({ kind: 'garbage', ratio: 0.01, seed: 5 })).until(full);
    let lost = 0;
    for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES)
      if (body.readUInt8(at) !== 0x47) lost += 1;
    const share = lost / (body.length / PACKET_BYTES);
    expect(share).toBeGreaterThan(0.004);
    expect(share).toBeLessThan(0.02);
  });

  test('pcr_jump moves the clocks, loop_back repeats packets', async () => {
    const { body } = await (
      await playWith({ kind: 'pcr_jump', bytes: 200_000, seconds: 3600 })
    ).until(full);
    const clocks: number[] = [];
    for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
      const isClock = pidOf(body, at) === VIDEO_PID && (body.readUInt8(at + 3) & 0x20) !== 0;
      if (isClock && body.readUInt8(at + 4) > 0 && body.readUInt8(at + 5) & 0x10)
        clocks.push(readPcr(body, at));
    }
    // Within an hour before the wrap, the jump crosses it.
    const jumps = steps(clocks, TIMESTAMP_WRAP * 300).map((step) => Math.round(step / 27e6));
    expect(jumps.filter((jump) => jump !== 0)).toEqual([3600]);
    sim.engine.faults.clear();
    const looped = await (
      await playWith({ kind: 'loop_back', bytes: 200_000, seconds: 0.5 })
    ).until(full);
    const numbers = markers(looped.body);
    expect(new Set(numbers).size).toBeLessThan(numbers.length);
  });

  test('continuity_error loses packets', async () => {
    const { body } = await (await playWith({ kind: 'continuity_error', every: 20 })).until(full);
    const counters: number[] = [];
    for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
      if (pidOf(body, at) === VIDEO_PID && body.readUInt8(at + 3) & 0x10)
        counters.push(body.readUInt8(at + 3) & 15);
    }
    const gaps = counters.slice(1).filter((counter, n) => counter !== (counters[n]! + 1) % 16);
    expect(gaps.length).toBeGreaterThan(2);
  });

  test('chunked, gzip, content_length_wrong, status_line_twice, one_byte_chunks, media_kind', async () => {
    const chunked = (await (await playWith({ kind: 'chunked', size: 1000 })).until(full)).body;
    expect(chunked.subarray(0, 5).toString()).toBe('3e8\r\n');
    sim.engine.faults.clear();
    const zipped = await (
      await playWith({ kind: 'gzip' })
    ).until((connection) => connection.body.length > 10_000);
    expect(zipped.head).toContain('Content-Encoding: gzip');
    const plain = gunzipSync(zipped.body, { finishFlush: 2 });
    expect([plain.readUInt8(0), plain.readUInt8(188)]).toEqual([0x47, 0x47]);
    sim.engine.faults.clear();
    const lied = await (await playWith({ kind: 'content_length_wrong', length: 1000 })).until(full);
    expect(lied.head).toContain('Content-Length: 1000');
    sim.engine.faults.clear();
    const twice = await (await playWith({ kind: 'status_line_twice' })).until(full);
    expect(twice.data.toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK\r\nHTTP\/1\.1 200 OK\r\n/);
    sim.engine.faults.clear();
    expect(
      pids((await (await playWith({ kind: 'one_byte_chunks', bytes: 500 })).until(full)).body).has(
        NULL_PID,
      ),
    ).toBe(true);
    sim.engine.faults.clear();
    const film = await (
      await playWith({ kind: 'media_kind', bytes: 1000 })
    ).until((connection) => connection.end === 'clean');
    expect([film.head.includes('video/mp4'), film.body.subarray(4, 8).toString()]).toEqual([
      true,
      'ftyp',
    ]);
  });

  test('rate: half the speed; burst: the given amount at once', async () => {
    const slow = await (
      await playWith({ kind: 'rate', factor: 0.01 })
    ).until((connection) => connection.body.length > 900_000);
    const before = slow.body.length;
    await sim.get('/search');
    expect(slow.body.length - before).toBeLessThan(100_000);
    sim.engine.faults.clear();
    const fast = await playWith({ kind: 'burst', bytes: 4_000_000 });
    await fast.until((connection) => connection.body.length >= 4_000_000, 3000);
  });

  test('slow_burst: past media arrive gradually, but faster than real time', async () => {
    const openedMs = performance.now();
    const slow = await playWith({ kind: 'slow_burst', factor: 4 });
    // 2 s of media at 4 Mbit/s, to within two packets.
    await slow.until(({ body }) => body.length >= 990_000, 10_000);
    expect(performance.now() - openedMs).toBeGreaterThan(490);
    const numbers = markers(slow.body);
    expect(numbers.slice(1).every((number, n) => number > numbers[n]!)).toBe(true);
    // After the burst the media arrive in real time.
    await slow.until(({ body }) => body.length >= 1_500_000, 10_000);
    expect(performance.now() - openedMs).toBeGreaterThan(980);
  });
});

test('a running reader can be stalled and resumed with the control API', async () => {
  const { playback_url } = await sim.start(`id=${ID}&pid=a`);
  const reader = await (
    await sim.play(playback_url)
  ).until((connection) => connection.body.length > 900_000);
  const act = (action: string): Promise<unknown> =>
    sim.control.handle('POST', new URL('http://x/__sim/readers'), { content: ID, action });
  expect(await act('stall')).toEqual({ readers: 1 });
  await act('resume');
  const before = reader.body.length;
  await reader.until((connection) => connection.body.length > before);
  await act('cut_mid_packet');
  await reader.until((connection) => connection.end === 'clean');
  expect(reader.body.length % PACKET_BYTES).toBe(94);
});
