import { type Writable } from 'node:stream';
import { wallClockIso } from '../kernel/clock';

/** Bytes that may wait for a reader of our output. Beyond it lines are dropped and counted: a log is not worth a stream. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** The end of the output, as much of it as is used here. */
export type LogSink = Pick<Writable, 'write' | 'writableLength' | 'on' | 'off'>;

/**
 * Where log lines go. Written to a pipe that nobody reads, they wait up to a bound and are then dropped, and counted in a
 * line of its own once the reader is back; written to a pipe whose reader is gone, they vanish. Neither stops
 * the program.
 */
export class LogOutput {
  private dropped = 0;
  private broken = false;

  /** @param format from a line of JSON to what is shown; null leaves it as it is */
  constructor(
    private readonly sink: LogSink,
    private readonly format: ((line: string) => string) | null,
  ) {
    // Without a listener a reader that goes away (EPIPE) would end the process.
    sink.on('error', () => {
      this.broken = true;
    });
  }

  /** True once the reader is gone for good. */
  get isBroken(): boolean {
    return this.broken;
  }

  /** Takes one line of JSON with its line break. */
  write(line: string): void {
    if (this.broken) return;
    if (this.sink.writableLength > MAX_WAITING_BYTES) {
      this.dropped += 1;
      return;
    }
    if (this.dropped > 0) this.reportDropped();
    this.show(line);
  }

  /** Shows lines to whoever reads a terminal, as they are. */
  print(lines: readonly string[]): void {
    if (!this.broken) this.sink.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Waits until everything is written, at most `deadlineMs`. */
  async flush(deadlineMs: number): Promise<void> {
    if (this.broken || this.sink.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.sink.off('drain', done).off('error', done);
        resolve();
      };
      const timer = setTimeout(done, deadlineMs);
      this.sink.on('drain', done).on('error', done);
      // Lines below the stream's own mark leave without a drain event; an empty write ends after them.
      this.sink.write('', done);
    });
  }

  private reportDropped(): void {
    const lines = this.dropped;
    this.dropped = 0;
    const time = wallClockIso();
    const msg = 'log lines were dropped: the output was not read';
    this.show(`${JSON.stringify({ level: 40, time, lines, msg })}\n`);
  }

  private show(line: string): void {
    const safe = escapeControls(line);
    this.sink.write(this.format === null ? safe : this.format(safe));
  }
}

/** JSON escapes the controls below space only; DEL and C1 (0x9b begins a terminal command) would go out raw. */
function escapeControls(line: string): string {
  return line.replace(/[\x7f-\x9f]/g, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
