import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { SyntheticStream, type SyntheticOptions } from './synthetic-stream.spec-support';

let opened = 0;

/** The body of a playback. A test decides which bytes it delivers and how it ends. */
export class ScriptedSource {
  readonly body = new IncomingMessage(new Socket());
  private readonly stream: SyntheticStream;

  constructor(options: Partial<SyntheticOptions> = {}) {
    // Each source has its own time base, as each engine session has.
    this.stream = new SyntheticStream({ startMs: 100_000 * ++opened, ...options });
    this.body.on('error', () => undefined);
  }

  /** Delivers the next frames of its stream. */
  play(frames: number): this {
    return this.send(this.stream.take(frames));
  }

  send(bytes: Buffer): this {
    this.body.push(bytes);
    return this;
  }

  end(): void {
    this.body.complete = true;
    this.body.push(null);
  }

  reset(): void {
    this.body.destroy(new Error('read ECONNRESET'));
  }
}
