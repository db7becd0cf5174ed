import { createHash } from 'node:crypto';
import { CATALOGUE } from '../catalogue';
import { readMarker } from '../media/marker';
import { PACKET_BYTES } from '../media/ts-packet';
import { SpecEngine, type RawConnection } from '../spec-engine';

const [CARD, CARD2] = CATALOGUE;
const ID = CARD!.id;
const MEDIA = 20 * PACKET_BYTES;

let sim: SpecEngine;
const open = async (...flags: string[]): Promise<void> => {
  sim = await SpecEngine.open(...flags);
};
afterEach(() => sim.close());

const hasMedia = (connection: RawConnection): boolean => connection.body.length >= MEDIA;
interface Stat {
  readonly status: string;
  readonly livepos: Record<string, string>;
}
interface State {
  readonly counters: Record<string, number>;
}
const state = async (): Promise<State> =>
  (await sim.control.handle('GET', new URL('http://x/__sim/state'), {})) as State;

test('from getstream over two redirects to media, on one connection each', async () => {
  await open();
  const first = await sim.get(`/ace/getstream?id=${ID}&pid=me`);
  const key = createHash('md5').update('me').digest('hex');
  expect(first.head).toContain('Server: BaseHTTP/0.6 Python/3.8.16');
  expect(first.head).toContain('Access-Control-Allow-Origin: *');
  expect(first.head).not.toContain('Content-Length');
  expect(first.location).toBe(`http://127.0.0.1:${sim.port}/ace/r/${CARD!.infohash}/${key}`);
  const second = await sim.get(first.location);
  expect(second.location).toContain(`/content/${CARD!.infohash}/`);
  const media = await sim.request(second.location).until(hasMedia);
  expect(media.head).toContain('Content-Type: video/mp2t');
  expect(media.body.readUInt8(0)).toBe(0x47);
});

test('without pid the player id is the address', async () => {
  await open();
  const key = createHash('md5').update('127.0.0.1').digest('hex');
  expect((await sim.start(`id=${ID}`)).playback_url).toContain(`/${key}`);
});

test.each([
  ['an unknown id', 'id=0123456789012345678901234567890123456789', 200],
  ['an infohash as id', `id=${CARD!.infohash}`, 200],
  ['an unknown infohash', 'infohash=0123456789012345678901234567890123456789', 200],
  ['no selector', '', 500],
])('%s fails', async (_name, query, status) => {
  await open('--unknown-id-delay', '10', '--unknown-infohash-delay', '20');
  const answer = await sim.get(`/ace/getstream?format=json&${query}`);
  expect(answer.status).toBe(status);
  if (status === 200)
    expect(answer.json()).toEqual({ response: null, error: 'failed to load content' });
  expect((await state()).counters.sessions_opened).toBe(0);
});

test('any content: id and derived infohash name one content, and the infohash is not an id', async () => {
  await open('--any-content', '--unknown-id-delay', '10');
  const id = 'ab'.repeat(20);
  const { infohash } = await sim.start(`id=${id}&pid=a`);
  expect(infohash).not.toBe(id);
  expect((await sim.start(`infohash=${infohash.toUpperCase()}&pid=a`)).infohash).toBe(infohash);
  expect((await sim.get(`/ace/getstream?format=json&id=${infohash}`)).json()['error']).toBe(
    'failed to load content',
  );
});

test('HEAD is refused, recorded and counted', async () => {
  await open();
  expect((await sim.get(`/ace/getstream?id=${ID}`, 'HEAD')).status).toBe(405);
  expect(sim.engine.journal.list()[0]).toMatchObject({
    method: 'HEAD',
    url: `/ace/getstream?id=${ID}`,
  });
  expect((await state()).counters).toMatchObject({ head_requests: 1, sessions_opened: 0 });
});

test('statistics go from empty over prebuf to dl with positions as texts', async () => {
  await open('--start-delay', '400');
  const { stat_url, playback_url } = await sim.start(`id=${ID}&pid=a`);
  const poll = async (): Promise<Stat> => (await sim.get(stat_url)).json()['response'] as Stat;
  expect(await poll()).toEqual({});
  expect(['idle', 'prebuf']).toContain((await poll()).status);
  await sim.get(playback_url);
  const stat = await poll();
  expect(stat).toMatchObject({ status: 'dl', peers: 12, is_live: 1, infohash: CARD!.infohash });
  expect(typeof stat.livepos.live_last).toBe('string');
});

test('stop ends the reader; afterwards every address of the session is dead', async () => {
  await open();
  const { playback_url, stat_url, command_url } = await sim.start(`id=${ID}&pid=a`);
  const reader = await (await sim.play(playback_url)).until(hasMedia);
  const stop = `${command_url}?method=stop`;
  expect((await sim.get(stop)).json()).toEqual({ response: 'ok', error: null });
  await reader.until((connection) => connection.end === 'clean');
  const unknown = { response: null, error: 'unknown playback session id' };
  expect((await sim.get(stop)).json()).toEqual(unknown);
  expect((await sim.get(stat_url)).json()).toEqual(unknown);
  expect((await sim.get(playback_url)).status).toBe(500);
  expect((await state()).counters).toMatchObject({
    sessions_stopped: 1,
    sessions_open: 0,
    sessions_leaked: 0,
  });
});

test('a second player takes the content over; the first still gets media for a moment, then ends', async () => {
  await open('--takeover-delay', '300');
  const first = await sim.start(`id=${ID}&pid=a`);
  const reader = await (await sim.play(first.playback_url)).until(hasMedia);
  const [beganMs, received] = [performance.now(), reader.data.length];
  const second = await sim.start(`infohash=${CARD!.infohash}&pid=b`);
  const heir = await (await sim.play(second.playback_url)).until(hasMedia);
  expect((await sim.get(first.stat_url)).json()['error']).toBe('unknown playback session id');
  await reader.until((connection) => connection.end === 'clean');
  expect(performance.now() - beganMs).toBeGreaterThan(290);
  expect(reader.data.length).toBeGreaterThan(received);
  const before = heir.data.length;
  await heir.until((connection) => connection.data.length > before);
});

test("stopping the second player's session freezes the first reader", async () => {
  await open('--takeover-delay', '60000');
  const first = await sim.start(`id=${ID}&pid=a`);
  const reader = await (await sim.play(first.playback_url)).until(hasMedia);
  const second = await sim.start(`id=${ID}&pid=b`);
  await sim.get(`${second.command_url}?method=stop`);
  const { sessions_open, readers } = (await state()).counters;
  expect([sessions_open, readers]).toEqual([0, 1]);
  expect(reader.end).toBe('open');
});

test('another content for the same player replaces the first', async () => {
  await open();
  const first = await sim.start(`id=${ID}&pid=a`);
  const reader = await (await sim.play(first.playback_url)).until(hasMedia);
  await sim.start(`id=${CARD2!.id}&pid=a`);
  await reader.until((connection) => connection.end === 'clean');
  expect((await state()).counters).toMatchObject({ sessions_replaced: 1, sessions_open: 1 });
});

test('a second reader of one session gets a corrupt head, the first continues', async () => {
  await open();
  const { playback_url } = await sim.start(`id=${ID}&pid=a`);
  const reader = await (await sim.play(playback_url)).until(hasMedia);
  const second = await (
    await sim.play(playback_url)
  ).until((connection) => connection.end === 'clean');
  expect(second.data.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\nHTTP\/1\.1 200 OK\r\n/);
  const before = reader.data.length;
  await reader.until((connection) => connection.data.length > before);
  expect((await state()).counters).toMatchObject({ second_reader_violations: 1, readers: 1 });
});

test('a session without a reader expires and counts as leaked', async () => {
  await open('--idle-timeout', '100');
  await sim.start(`id=${ID}&pid=a`);
  expect((await state()).counters).toMatchObject({ sessions_leaked: 1 });
  const { stat_url } = await sim.start(`id=${CARD2!.id}&pid=b`);
  while ((await state()).counters['sessions_open'] !== 0) await sim.get(stat_url);
  expect((await state()).counters).toMatchObject({ sessions_expired: 2, sessions_leaked: 2 });
});

test('two engines send the same packets of the same content', async () => {
  await open('--burst-seconds', '2');
  const other = await SpecEngine.open('--burst-seconds', '2');
  const pieces = await Promise.all(
    [sim, other].map(async (simulator) => {
      const { playback_url } = await simulator.start(`id=${ID}&pid=a`);
      return (await (await simulator.play(playback_url)).until((c) => c.body.length > 900_000))
        .body;
    }),
  );
  other.close();
  const [first, second] = pieces.map((body) => {
    for (let at = 0; ; at += PACKET_BYTES) {
      const marker = readMarker(body, at);
      if (marker) return { body, start: Number(marker.packetNumber) - at / PACKET_BYTES };
    }
  });
  const from = Math.max(first!.start, second!.start);
  const cut = ({ body, start }: { body: Buffer; start: number }): Buffer =>
    body.subarray((from - start) * PACKET_BYTES).subarray(0, 500_000);
  expect(cut(first!).equals(cut(second!))).toBe(true);
});

test('HLS: a window of segments that begin with tables; after a takeover the first player gets 403', async () => {
  await open();
  const list = async (pid: string): Promise<RawConnection> => {
    const { location } = await sim.get(`/ace/manifest.m3u8?id=${ID}&pid=${pid}`);
    return sim.get(location);
  };
  const first = await list('a');
  const lines = first.body.toString().split('\n');
  expect(lines.slice(0, 3)).toEqual(['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:4']);
  const segments = lines.filter((line) => line.startsWith('http'));
  expect(segments.length).toBeGreaterThanOrEqual(3);
  const segment = await sim.get(segments.at(-1)!);
  expect(segment.status).toBe(200);
  expect(segment.body.length % PACKET_BYTES).toBe(0);
  expect(segment.body.readUInt16BE(1)).toBe(0x4000);
  const address = first.body.toString();
  await list('b');
  const key = createHash('md5').update('a').digest('hex');
  expect(address).toContain(CARD!.infohash);
  expect((await sim.get(`/ace/m/${CARD!.infohash}/${key}.m3u8`)).status).toBe(403);
});

test('service answers', async () => {
  await open();
  const ask = async (query: string): Promise<unknown> =>
    (await sim.get(`/webui/api/service?${query}`)).json();
  expect(await ask('method=get_version')).toMatchObject({
    result: { version: '3.2.3', platform: 'linux' },
  });
  expect(await ask('method=get_network_connection_status')).toEqual({
    result: { connected: true },
    error: null,
  });
  expect(await ask('method=nonsense')).toMatchObject({ error: { message: 'unknown method' } });
  expect(await ask(`method=get_media_files&id=${ID}`)).toMatchObject({
    result: { infohash: CARD!.infohash, type: 'live' },
  });
  expect((await sim.get('/server/api?method=get_version')).json()).toEqual({
    result: null,
    error: 'access denied',
  });
  expect((await sim.get('/search?query=radio')).json()).toMatchObject({ result: { total: 1 } });
});

test('a hung engine accepts connections but never answers; a refusing engine returns to its port', async () => {
  await open();
  const change = (mode: string): Promise<unknown> =>
    sim.control.handle('POST', new URL('http://x/__sim/mode'), { mode });
  await change('hang');
  const hung = sim.request('/webui/api/service?method=get_version');
  while (sim.engine.journal.list('/webui').length === 0) await new Promise(setImmediate);
  expect(hung.data).toHaveLength(0);
  await change('refuse');
  expect((await sim.get('/webui/api/service?method=get_version')).end).toBe('reset');
  await change('normal');
  expect((await sim.get('/webui/api/service?method=get_version')).status).toBe(200);
});

describe('settings at run time', () => {
  const change = async (body: string, headers: Record<string, string>): Promise<Response> =>
    fetch(`http://127.0.0.1:${sim.port}/api/v1/settings`, { method: 'PATCH', body, headers });

  test('are changed with the access token', async () => {
    await open('--personality', 'aceserve', '--access-token', 'secret', '--download-limit', '500');
    const changed = await change('{"upload_limit":100,"live_buffer":30}', {
      'x-api-key': 'secret',
    });
    const settings = { download_limit: 500, upload_limit: 100, live_buffer: 30 };
    expect([changed.status, await changed.json()]).toEqual([200, settings]);
    expect(await state()).toMatchObject({ settings });
    expect((await change('{}', { 'x-api-key': 'wrong' })).status).toBe(403);
    expect((await change('{}', {})).status).toBe(403);
    for (const body of ['{"upload_limit":-1}', '{"upload_limit":"1"}', '[', 'null']) {
      expect((await change(body, { 'x-api-key': 'secret' })).status).toBe(400);
    }
  });

  test('cannot be changed in other engines', async () => {
    await open('--access-token', 'secret');
    expect((await change('{}', { 'x-api-key': 'secret' })).status).toBe(404);
  });
});
