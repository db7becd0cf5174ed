import { type Writable } from 'node:stream';
import { wallClockIso } from '../kernel/clock';

/**
 * Maximum number of buffered bytes while the reader of the output pauses. Further lines are dropped and counted,
 * because streams are more important than the log.
 */
const MAX_WAITING_BYTES = 1024 * 1024;

/** The part of the output stream that is used here. */
export type LogSink = Pick<Writable, 'write' | 'writableLength' | 'on' | 'off'>;

/**
 * Destination of log lines. If the reader of the output pauses, lines are buffered up to a limit and then dropped;
 * their number is logged once the reader continues. If the reader is gone, lines are discarded. Neither stops the
 * program.
 */
export class LogOutput {
  private dropped = 0;
  private broken = false;

  /** @param format converts a line of JSON for display; null leaves it unchanged */
  constructor(
    private readonly sink: LogSink,
    private readonly format: ((line: string) => string) | null,
  ) {
    // Without a listener, a reader that goes away (EPIPE) would end the process.
    sink.on('error', () => {
      this.broken = true;
    });
  }

  /** True once the reader is gone for good. */
  get isBroken(): boolean {
    return this.broken;
  }

  /** Writes one line of JSON, with its line break. */
  write(line: string): void {
    if (this.broken) return;
    if (this.sink.writableLength > MAX_WAITING_BYTES) {
      this.dropped += 1;
      return;
    }
    if (this.dropped > 0) this.reportDropped();
    this.show(line);
  }

  /** Writes lines unchanged, for readers of a terminal. */
  print(lines: readonly string[]): void {
    if (!this.broken) this.sink.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Waits until everything is written, but at most `deadlineMs`. */
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
      // Lines below the stream's high-water mark are written without a drain event, so an empty write marks their
      // end.
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

/**
 * JSON escapes only the control characters below space; DEL and C1 (0x9b begins a terminal command) would be
 * written unescaped.
 */
function escapeControls(line: string): string {
  return line.replace(/[\x7f-\x9f]/g, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
