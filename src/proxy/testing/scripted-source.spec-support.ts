import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { SyntheticStream, type SyntheticOptions } from './synthetic-stream.spec-support';

let opened = 0;

/** The body of a playback: gives what a test tells it to, and ends as told. */
export class ScriptedSource {
  readonly body = new PassThrough({ highWaterMark: 64 * 1024 * 1024 });
  private readonly stream: SyntheticStream;

  constructor(options: Partial<SyntheticOptions> = {}) {
    // Each source has a time base of its own, as each engine session has.
    this.stream = new SyntheticStream({ startMs: 100_000 * ++opened, ...options });
    Object.assign(this.body, { complete: false });
    this.body.on('error', () => undefined);
  }

  asResponse(): IncomingMessage {
    return this.body as unknown as IncomingMessage;
  }

  /** The next frames of its stream. */
  play(frames: number): this {
    return this.send(this.stream.take(frames));
  }

  send(bytes: Buffer): this {
    this.body.write(bytes);
    return this;
  }

  end(): void {
    Object.assign(this.body, { complete: true });
    this.body.end();
  }

  reset(): void {
    this.body.destroy(new Error('read ECONNRESET'));
  }
}
