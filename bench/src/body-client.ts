import net from 'node:net';

/** A response; `text` only for a body that was not passed to a consumer. */
export interface BodyAnswer {
  status: number;
  location: string | null;
  text: string;
}

/** Consumes the bytes [start, end) of the body; the buffer is overwritten right afterwards. */
export type BodySink = (bytes: Buffer, start: number, end: number) => void;

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/** All clients read into the same buffer, because each read is consumed before the next one. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

interface Question {
  path: string;
  /**
   * Sent on a connection that was used before: the server may have closed it at the same moment, which is not an
   * error.
   */
  mayRepeat: boolean;
  sink: BodySink | null;
  head: string;
  /** Bytes of the body that are still missing; null while the head is not complete. */
  left: number | null;
  answer: BodyAnswer;
  resolve: (answer: BodyAnswer) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/**
 * A player's HTTP client with minimal cost: one connection on loopback, kept open and reopened if the server closed
 * it between two requests, one request at a time, bodies with a Content-Length only.
 */
export class BodyClient {
  private socket: net.Socket | null = null;
  private question: Question | null = null;

  constructor(
    private readonly port: number,
    private readonly timeoutMs: number,
  ) {}

  /** @throws Error if there is no complete response within the time */
  get(path: string, sink: BodySink | null = null): Promise<BodyAnswer> {
    return new Promise((resolve, reject) => {
      const answer = { status: 0, location: null, text: '' };
      const timer = setTimeout(() => this.fail('no answer in time'), this.timeoutMs);
      const mayRepeat = this.socket !== null;
      this.question = {
        path,
        mayRepeat,
        sink,
        head: '',
        left: null,
        answer,
        resolve,
        reject,
        timer,
      };
      this.ask(path);
    });
  }

  close(): void {
    this.fail('closed');
  }

  private ask(path: string): void {
    this.socket ??= this.connect();
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\n` +
        'User-Agent: acefleet-bench\r\nAccept: */*\r\n\r\n',
    );
  }

  private connect(): net.Socket {
    const socket = net.connect({
      ...{ host: '127.0.0.1', port: this.port, noDelay: true },
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          this.read(length);
          return true;
        },
      },
    });
    const gone = (): void => {
      socket.destroy();
      if (this.socket !== socket) return;
      this.socket = null;
      const { question } = this;
      if (question?.mayRepeat === true && question.head === '') {
        question.mayRepeat = false;
        this.ask(question.path);
      } else this.fail('the connection was closed');
    };
    return socket.on('error', gone).on('end', gone).on('close', gone);
  }

  private fail(reason: string): void {
    const { question, socket } = this;
    this.question = null;
    this.socket = null;
    socket?.destroy();
    if (question === null) return;
    clearTimeout(question.timer);
    question.reject(new Error(reason));
  }

  private read(length: number): void {
    const { question } = this;
    if (question === null) return;
    const start = question.left === null ? readHead(question, length) : 0;
    if (start === null) {
      this.fail('the answer has no Content-Length');
      return;
    }
    if (question.left === null) return;
    const end = Math.min(length, start + question.left);
    question.left -= end - start;
    if (end > start) take(question, start, end);
    if (question.left > 0) return;
    this.question = null;
    clearTimeout(question.timer);
    question.resolve(question.answer);
  }
}

/** Returns the offset of the body in the read; null if this client does not support the response head. */
function readHead(question: Question, length: number): number | null {
  const before = question.head.length;
  question.head += READ_BUFFER.toString('latin1', 0, Math.min(length, MAX_HEAD_BYTES));
  const end = question.head.indexOf('\r\n\r\n');
  if (end < 0) return question.head.length >= MAX_HEAD_BYTES ? null : length;
  const head = question.head.slice(0, end + 2);
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
  const contentLength = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
  if (status === undefined || contentLength === undefined) return null;
  question.answer.status = Number(status);
  question.answer.location = /\r\nlocation: *(\S+)\r\n/i.exec(head)?.[1] ?? null;
  question.left = Number(contentLength);
  return end + 4 - before;
}

function take(question: Question, start: number, end: number): void {
  if (question.sink !== null && question.answer.status === 200) {
    question.sink(READ_BUFFER, start, end);
  } else if (question.answer.text.length < MAX_TEXT_BYTES) {
    question.answer.text += READ_BUFFER.toString('latin1', start, end);
  }
}
