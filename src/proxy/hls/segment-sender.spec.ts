import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RingBuffer } from '../buffer';
import { SpreadTimes, TS_PACKET } from '../mpegts';
import { SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { until } from '../testing/until.spec-support';
import { Viewer } from '../viewers';
import { ProgrammeDate } from './programme-date';
import { segmentBytes, type Segment } from './segment';
import { SegmentSender } from './segment-sender';

const MEDIA_PACKETS = 40_000;
const STALL_MS = 1000;

const PREFACE = Buffer.alloc(2 * TS_PACKET, 0x47);

function numbered(): Buffer {
  const bytes = Buffer.alloc(MEDIA_PACKETS * TS_PACKET);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(at, at);
  return bytes;
}

/** Sends one segment from a real server. It has 7.5 MB by default, more than a kernel accepts at once. */
class Stage {
  readonly ring = new RingBuffer({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 1000 });
  readonly media: Buffer;
  readonly viewer: Viewer;
  readonly senders: SegmentSender[] = [];
  readonly segment: Segment;
  readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  connections = 0;
  over = 0;
  private readonly server = createServer((_, response) => this.send(response));

  constructor({ media = numbered(), userAgent = '', gapTicks = 0, arrivalStepMs = 0 } = {}) {
    this.media = media;
    this.viewer = new Viewer({ id: 'v', ip: '', userAgent, path: '', user: null, device: '' });
    const start = 10 * TS_PACKET;
    this.segment = {
      number: 1,
      start,
      end: start + this.media.length,
      preface: PREFACE,
      durationMs: 4000,
      isBreak: false,
      breaksBefore: 0,
      gapTicks,
      isIndependent: true,
      presentedMs: 0,
      arrivedMs: 0,
      date: new ProgrammeDate(0),
    };
    this.append(Buffer.alloc(start));
    const step = 1000 * TS_PACKET;
    for (let at = 0; at < this.media.length; at += step) {
      this.append(this.media.subarray(at, at + step), (at / step) * arrivalStepMs);
    }
    this.server.on('connection', () => this.connections++);
  }

  append(bytes: Buffer, nowMs = 0): void {
    this.ring.append(bytes, 0, bytes.length, nowMs);
    this.ring.commit();
  }

  async ask(): Promise<IncomingMessage> {
    if (!this.server.listening) {
      this.server.listen(0, '127.0.0.1');
      await once(this.server, 'listening');
    }
    const { port } = this.server.address() as AddressInfo;
    const request = get({ port, host: '127.0.0.1', agent: this.agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    return response;
  }

  close(): void {
    this.agent.destroy();
    this.server.closeAllConnections();
    this.server.close();
  }

  private send(response: ServerResponse): void {
    const sender = new SegmentSender(response, this.ring, this.segment, this.viewer, 0, () => {
      this.over++;
    });
    this.senders.push(sender);
    response.writeHead(200, { 'Content-Length': String(segmentBytes(this.segment)) });
    sender.start();
  }
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

describe('SegmentSender', () => {
  let stage: Stage;

  beforeEach(() => {
    stage = new Stage();
  });
  afterEach(() => stage.close());

  it('sends tables and media unchanged, one segment after the other on one connection', async () => {
    for (const count of [1, 2]) {
      const body = await bodyOf(await stage.ask());
      expect(body.equals(Buffer.concat([PREFACE, stage.media]))).toBe(true);
      await until(() => stage.over === count);
    }
    expect(stage.connections).toBe(1);
    expect(stage.viewer.queuedBytes).toBe(2 * segmentBytes(stage.segment));
    expect(stage.viewer.cursor).toBe(stage.segment.end);
  });

  it.each([
    ['Kodi/20.1 (X11; Linux x86_64) App_Bitness/64', true],
    ['KodifromDebian/20.1 (X11; Linux x86_64) Kodi_Fork_Kodi from Debian/1.0', true],
    ['Lavf/59.27.100', false],
  ])(
    'fills the gap before a segment for players whose clock never stops: %s',
    async (userAgent, isFilled) => {
      stage.close();
      const gapTicks = 6000 * 90;
      stage = new Stage({
        userAgent,
        gapTicks,
        media: new SyntheticStream({ startMs: 9000 }).take(50),
      });
      const filled = new SpreadTimes(gapTicks).apply(stage.media);
      expect(filled.equals(stage.media)).toBe(false);
      const body = await bodyOf(await stage.ask());
      expect(body.equals(Buffer.concat([PREFACE, isFilled ? filled : stage.media]))).toBe(true);
      expect(body).toHaveLength(segmentBytes(stage.segment));
    },
  );

  it('pins one view of the ring for a player that takes nothing, and aborts at the timeout', async () => {
    const response = await stage.ask();
    const sender = await until(() => stage.senders[0]);
    await until(() => sender.pinnedBytes > 0);
    // The maximum size of the head, the tables and the first piece.
    expect(sender.pinnedBytes).toBeLessThan(200_000);
    let nowMs = 0;
    // The kernel may continue to accept bytes for a while.
    await until(() => {
      sender.check((nowMs += STALL_MS / 2), false, STALL_MS);
      return stage.over === 1;
    });
    expect(stage.viewer.queuedBytes).toBeLessThan(segmentBytes(stage.segment));
    await expect(bodyOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('times out sooner for a paused player than for a viewer with a single connection', async () => {
    await stage.ask();
    const sender = await until(() => stage.senders[0]);
    await until(() => sender.pinnedBytes > 0);
    let nowMs = 0;
    await until(() => {
      sender.check((nowMs += 15_000), false, 300_000);
      return stage.over === 1;
    });
    expect(stage.viewer.queuedBytes).toBeLessThan(segmentBytes(stage.segment));
  });

  it('aborts no transfer because of event loop lag', async () => {
    const response = await stage.ask();
    const sender = await until(() => stage.senders[0]);
    await until(() => sender.pinnedBytes > 0);
    for (let nowMs = 0; nowMs < 20 * STALL_MS; nowMs += STALL_MS) {
      sender.check(nowMs, true, STALL_MS);
    }
    expect(stage.over).toBe(0);
    expect(await bodyOf(response)).toHaveLength(segmentBytes(stage.segment));
  });

  it('resets the connection when unsent bytes leave the ring, because the length was sent', async () => {
    const response = await stage.ask();
    const sender = await until(() => stage.senders[0]);
    await until(() => sender.pinnedBytes > 0);
    stage.append(Buffer.alloc(1000 * TS_PACKET), 10_000);
    stage.ring.trim(10_000);
    await expect(bodyOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(stage.over).toBe(1);
    expect(stage.viewer.cursor).toBe(0);
  });

  it('sends what it was told to, although other streams use memory that the ring has dropped', async () => {
    stage.close();
    stage = new Stage({ arrivalStepMs: 100 });
    const response = await stage.ask();
    const sender = await until(() => stage.senders[0]);
    await until(() => sender.pinnedBytes > 0);
    // The piece on its way is the last that the ring drops.
    const { tail } = stage.ring;
    const queued = stage.segment.start + stage.viewer.queuedBytes - PREFACE.length;
    for (let nowMs = 1000; stage.ring.view(queued - TS_PACKET) !== null; nowMs += 100) {
      stage.ring.trim(nowMs);
    }
    expect(stage.ring.tail).toBeGreaterThan(tail);
    expect(stage.ring.tail).toBeLessThanOrEqual(queued);
    const other = new RingBuffer({ maxBytes: 64 * 1024 * 1024, maxAgeMs: 1000 });
    other.append(Buffer.alloc(16_000 * TS_PACKET, 0xee), 0, 16_000 * TS_PACKET, 0);
    const body = await bodyOf(response);
    expect(body.equals(Buffer.concat([PREFACE, stage.media]))).toBe(true);
  });

  it('ends when the player hangs up', async () => {
    const response = await stage.ask();
    response.destroy();
    await until(() => stage.over === 1);
  });
});
