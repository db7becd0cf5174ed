import { once } from 'node:events';
import {
  createServer,
  get,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { nullPackets } from '../mpegts';
import { SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { eventLoopTurns, until } from '../testing/until.spec-support';
import { StreamHistory } from './stream-history';
import { StreamIngest } from './stream-ingest';
import { UpstreamReader, type UpstreamEnd } from './upstream-reader';

const SILENCE_MS = 15_000;
const DEADLINE_MS = 60_000;

let server: Server;
let answer: ServerResponse;
let response: IncomingMessage;
let ingest: StreamIngest;
let reader: UpstreamReader;
let stream: SyntheticStream;
let nowMs: number;
let ends: UpstreamEnd[];

beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const asked = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  const { port } = server.address() as AddressInfo;
  const request = get({ host: '127.0.0.1', port, agent: false });
  // A request emits `error` too when its response breaks off; the code under test handles that error.
  request.on('error', () => undefined);
  [, answer] = await asked;
  answer.writeHead(200, { 'Content-Type': 'video/mp2t' });
  answer.flushHeaders();
  [response] = (await once(request, 'response')) as [IncomingMessage];
  const history = new StreamHistory({ maxBytes: 32 * 1024 * 1024, maxAgeMs: 60_000 });
  ingest = new StreamIngest(history, { appended: () => undefined, joinable: () => undefined });
  stream = new SyntheticStream();
  nowMs = 0;
  ends = [];
  reader = new UpstreamReader(
    response,
    ingest,
    { silenceMs: () => SILENCE_MS, firstMediaDeadlineMs: DEADLINE_MS },
    () => nowMs,
  );
  void reader.ended.then((end) => ends.push(end));
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Sends bytes and waits until all of them have been read. */
async function send(bytes: Buffer): Promise<void> {
  const expected = ingest.bytesIn + bytes.length;
  answer.write(bytes);
  await until(() => ingest.bytesIn === expected);
}

async function expectEnd(end: UpstreamEnd): Promise<void> {
  await until(() => ends.length > 0);
  expect(ends).toEqual([end]);
  expect(response.destroyed).toBe(true);
}

describe('UpstreamReader', () => {
  beforeEach(() => reader.start());

  it('reads into the ingest, and is flowing from the first media on', async () => {
    await send(nullPackets(20));
    expect(reader.isFlowing).toBe(false);
    await send(stream.take(30));
    expect(reader.isFlowing).toBe(true);
    expect(ingest.history.ring.end).toBeGreaterThan(0);
  });

  it('reports an ended body as an end', async () => {
    await send(stream.take(5));
    answer.end();
    await expectEnd('end');
  });

  it('reports a broken connection as a reset', async () => {
    await send(stream.take(5));
    answer.socket?.resetAndDestroy();
    await expectEnd('reset');
  });

  it('reports a body that ends within its framing as a reset', async () => {
    await send(stream.take(5));
    answer.socket?.end();
    await expectEnd('reset');
  });

  it('ends a source that is no transport stream', async () => {
    answer.write(Buffer.alloc(70_000, 0x20));
    await expectEnd('not_transport_stream');
  });

  it('is silent when nothing has arrived by the deadline', async () => {
    reader.check(DEADLINE_MS - 1);
    await eventLoopTurns();
    expect(ends).toEqual([]);
    reader.check(DEADLINE_MS);
    await expectEnd('silence');
    expect(reader.isFlowing).toBe(false);
  });

  it('is silent when only padding has arrived for the silence limit', async () => {
    await send(stream.take(60));
    nowMs = 10_000;
    await send(Buffer.concat([nullPackets(100), new SyntheticStream().take(1).subarray(0, 376)]));
    reader.check(SILENCE_MS - 1);
    await eventLoopTurns();
    expect(ends).toEqual([]);
    reader.check(SILENCE_MS);
    await expectEnd('silence');
  });

  it('restarts the silence with each piece of media', async () => {
    await send(stream.take(60));
    nowMs = 10_000;
    await send(stream.take(1));
    reader.check(10_000 + SILENCE_MS - 1);
    await eventLoopTurns();
    expect(ends).toEqual([]);
    reader.check(10_000 + SILENCE_MS);
    await expectEnd('silence');
  });

  it('treats media that nobody can join as silence after the deadline', async () => {
    // Neither a random access point nor three seconds of media.
    const senseless = new SyntheticStream({ gop: 0 });
    for (nowMs = 0; nowMs < DEADLINE_MS; nowMs += 10_000) {
      await send(senseless.take(5));
      reader.check(nowMs);
    }
    await eventLoopTurns();
    expect(ends).toEqual([]);
    reader.check(DEADLINE_MS);
    await expectEnd('silence');
    expect(reader.isFlowing).toBe(true);
  });

  it('ends a source whose media have no tables', async () => {
    const senseless = new SyntheticStream({ psi: false });
    await send(senseless.take(5));
    nowMs = 10_000;
    answer.write(senseless.take(5));
    await expectEnd('no_tables');
  });

  it('does not end a source whose media arrived right before the deadline', async () => {
    nowMs = DEADLINE_MS - 100;
    await send(new SyntheticStream({ psi: false }).take(5));
    reader.check(DEADLINE_MS + 100);
    await eventLoopTurns();
    expect(ends).toEqual([]);
  });

  it('suspends the watchdog while paused, and restarts it afterwards', async () => {
    await send(stream.take(60));
    reader.pause();
    const read = ingest.bytesIn;
    answer.write(stream.take(10));
    nowMs = 20_000;
    expect(reader.pausedForMs).toBe(20_000);
    reader.check(nowMs);
    await eventLoopTurns(50);
    expect(ends).toEqual([]);
    expect(ingest.bytesIn).toBe(read);
    reader.resume();
    expect(reader.pausedForMs).toBe(0);
    reader.check(20_000 + SILENCE_MS - 1);
    await until(() => ingest.bytesIn > read);
    expect(ends).toEqual([]);
    reader.check(20_000 + SILENCE_MS);
    await expectEnd('silence');
  });

  it('ends once when it is aborted, and takes no more bytes', async () => {
    await send(stream.take(5));
    const read = ingest.bytesIn;
    reader.abort();
    await expectEnd('aborted');
    answer.write(stream.take(5));
    reader.check(1_000_000);
    reader.pause();
    await eventLoopTurns(20);
    expect(ends).toEqual(['aborted']);
    expect(ingest.bytesIn).toBe(read);
    expect(reader.pausedForMs).toBe(0);
  });
});

describe('UpstreamReader of a response that was destroyed before it was read', () => {
  it('ends at once', async () => {
    response.destroy();
    await until(() => response.closed);
    reader.start();
    await expectEnd('reset');
  });
});
