import http from 'node:http';
import net from 'node:net';
import { batchLimit } from './batch-policy';
import { PACKET_BYTES } from './packet-stamp';
import { announceListening, endWithParent } from './child-side';

/**
 * The baseline: the minimum that a Node program must do to fan a stream out. One upstream per path; bytes are
 * gathered into batches of whole packets by counting only; each viewer whose socket has accepted the last batch
 * gets one write of the same Buffer. No parsing, no ring buffer, no limits, no health checks. A viewer that has not
 * accepted the last batch misses this one.
 *
 * Started by the benchmark as a child process; by hand: `node bench/dist/bare-fanout.js LISTEN_PORT ENGINE_PORT`.
 */

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n';
const ANSWER =
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}';
const MAX_REQUEST_BYTES = 8192;
/** Space after the largest batch for one read of the upstream. */
const BATCH_ROOM_BYTES = 128 * 1024 + 64 * 1024;
const agent = new http.Agent({ keepAlive: false });

/** Viewers of all streams. */
let watching = 0;

class Fanout {
  private readonly viewers = new Set<net.Socket>();
  private batch = Buffer.allocUnsafeSlow(BATCH_ROOM_BYTES);
  private filled = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly flushLater = (): void => {
    this.timer = null;
    this.flush();
  };

  constructor(enginePort: number, path: string) {
    const separator = path.includes('?') ? '&' : '?';
    get(enginePort, `${path}${separator}format=json`, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        this.follow(enginePort, playbackPath(Buffer.concat(parts).toString()));
      });
    });
  }

  join(socket: net.Socket): void {
    socket.write(HEAD);
    this.viewers.add(socket);
    watching++;
    socket.on('close', () => {
      if (this.viewers.delete(socket)) watching--;
    });
  }

  private follow(enginePort: number, path: string): void {
    get(enginePort, path, (media) => media.on('data', (part: Buffer) => this.gather(part)));
  }

  private gather(part: Buffer): void {
    const limit = batchLimit(watching);
    let taken = 0;
    while (taken < part.length) {
      const copied = part.copy(this.batch, this.filled, taken);
      taken += copied;
      this.filled += copied;
      if (this.filled >= limit.bytes) this.flush();
    }
    if (this.filled > 0) this.timer ??= setTimeout(this.flushLater, limit.ms);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const whole = this.filled - (this.filled % PACKET_BYTES);
    if (whole === 0) return;
    // A new buffer each time, because the kernel may not have accepted the old one for every viewer yet.
    const next = Buffer.allocUnsafeSlow(BATCH_ROOM_BYTES);
    this.batch.copy(next, 0, whole, this.filled);
    const ready = this.batch.subarray(0, whole);
    this.batch = next;
    this.filled -= whole;
    for (const socket of this.viewers) if (socket.writableLength === 0) socket.write(ready);
  }
}

function get(port: number, path: string, onAnswer: (answer: http.IncomingMessage) => void): void {
  http
    .get({ host: '127.0.0.1', port, path, agent, timeout: 10_000 }, onAnswer)
    .on('error', (error) => {
      // Without its source nothing can be measured: the benchmark notices the end of this child and reports it.
      console.error(`bare fan-out: ${path}: ${error.message}`);
      process.exit(1);
    });
}

function playbackPath(json: string): string {
  const answer = JSON.parse(json) as { response: { playback_url: string } };
  return new URL(answer.response.playback_url).pathname;
}

function serve(listenPort: number, enginePort: number): void {
  const fanouts = new Map<string, Fanout>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    let head = '';
    const onData = (part: Buffer): void => {
      head += part.toString('latin1');
      if (head.length > MAX_REQUEST_BYTES) socket.destroy();
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onData);
      const path = head.split(' ', 2)[1] ?? '/';
      if (!path.startsWith('/ace/getstream')) {
        socket.end(ANSWER);
        return;
      }
      const fanout = fanouts.get(path) ?? new Fanout(enginePort, path);
      fanouts.set(path, fanout);
      fanout.join(socket);
      socket.resume();
    };
    socket.on('data', onData);
    socket.on('error', () => socket.destroy());
  });
  server.listen(listenPort, '127.0.0.1', 4096, () => announceListening(server));
}

endWithParent();
serve(Number(process.argv[2] ?? '0'), Number(process.argv[3] ?? '6878'));
