import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { onScopeEnd } from './scope';
import { eventually } from './wait';

/** One message of the event stream. */
export interface StreamMessage {
  readonly id: string | null;
  readonly event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into messages of many shapes
  readonly data: any;
}

/** A client of `GET /api/v1/events/stream`. */
export class EventStreamClient {
  readonly messages: StreamMessage[] = [];
  isEnded = false;
  private text = '';

  private constructor(
    private readonly outgoing: ClientRequest,
    private readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.take(chunk));
    response.on('error', () => undefined);
    response.on('close', () => (this.isEnded = true));
  }

  /** Resolves when the head of the response has arrived. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<EventStreamClient> {
    const outgoing = request(url, { agent: false, headers });
    onScopeEnd(() => void outgoing.destroy());
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.end();
    });
    outgoing.on('error', () => undefined);
    return new EventStreamClient(outgoing, response);
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  get headers(): IncomingMessage['headers'] {
    return this.response.headers;
  }

  /** Id of the last message that has one. */
  get lastId(): string {
    return this.messages.findLast(({ id }) => id !== null)!.id!;
  }

  /** The first message that arrives and fits, or has arrived. */
  message(event: string, fits: (data: StreamMessage['data']) => boolean = () => true) {
    return eventually(
      () => this.messages.find((one) => one.event === event && fits(one.data)),
      30_000,
      `the message ${event}`,
    );
  }

  close(): void {
    this.outgoing.destroy();
  }

  private take(chunk: string): void {
    const parts = (this.text + chunk).split('\n\n');
    this.text = parts.pop() ?? '';
    for (const part of parts) {
      const fields = new Map(
        part.split('\n').map((line): [string, string] => {
          const colon = line.indexOf(': ');
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      );
      const event = fields.get('event');
      if (event === undefined) continue;
      const data: unknown = JSON.parse(fields.get('data') ?? 'null');
      this.messages.push({ id: fields.get('id') ?? null, event, data });
    }
  }
}
