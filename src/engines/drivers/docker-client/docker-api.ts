import { DockerError, unavailable } from './docker-error';
import { refusal, type DockerAnswer, type DockerDeed } from './docker-refusal';
import type { DockerCall, DockerStream, DockerTransport } from './docker-transport';
import type { DockerTuning } from './docker-tuning';

/**
 * How a call went that may be repeated: `already`: it was so before, or is being done; `absent`: there is
 * nothing that it could be done to.
 */
export type Done = 'done' | 'already' | 'absent';

type Look = Omit<DockerCall, 'method' | 'deadlineMs' | 'body'>;

/** Each part of a path begins like a name does, so none leads elsewhere. */
const PATH = /^(?:\/_?[a-zA-Z0-9][a-zA-Z0-9_.%-]*)+$/;

/** Calls whose answers are checked as far as every caller relies on them, and whose refusals are errors. */
export class DockerApi {
  constructor(
    private readonly transport: DockerTransport,
    readonly tuning: DockerTuning,
  ) {}

  /** @throws DockerError unless the status is 2xx or 304 */
  async act(deed: DockerDeed, call: DockerCall): Promise<DockerAnswer> {
    // What Docker would not take for a name is nowhere, so Docker is not asked.
    if (!PATH.test(call.path)) throw new DockerError('runtime_refused', 'no such name', 404);
    const answer = await this.transport.ask(call);
    if (isSuccess(answer.status)) return answer;
    throw refusal(deed, answer);
  }

  /** For what is to be so afterwards, whoever does it. */
  async makeSo(deed: DockerDeed, call: DockerCall): Promise<Done> {
    try {
      const { status } = await this.act(deed, call);
      return status === 304 ? 'already' : 'done';
    } catch (error) {
      if (error instanceof DockerError && error.status === 404) return 'absent';
      throw error;
    }
  }

  /** @returns an object that has this text under `key` */
  async object<T>(look: Look, key: keyof T & string): Promise<T> {
    return objectOf<T>(await this.act('look', this.getCall(look)), key);
  }

  /** Null when Docker says that it is not there. */
  async objectOrNull<T>(look: Look, key: keyof T & string): Promise<T | null> {
    try {
      return await this.object<T>(look, key);
    } catch (error) {
      if (error instanceof DockerError && error.status === 404) return null;
      throw error;
    }
  }

  /** @returns objects that each have a text under `key` */
  async list<T>(look: Look, key: keyof T & string): Promise<T[]> {
    const body = parse(await this.act('look', this.getCall(look)));
    // Docker writes some empty lists as null.
    if (body === null) return [];
    if (!Array.isArray(body) || !body.every((item) => hasText(item, key))) throw nonsense();
    return body as T[];
  }

  /** @returns the id of what was made */
  async create(call: DockerCall, key: 'Id' | 'ID'): Promise<string> {
    return objectOf<Record<typeof key, string>>(await this.act('create', call), key)[key];
  }

  /** @throws DockerError unless the status is 2xx; the stream is ended then */
  async stream(deed: DockerDeed, call: DockerCall): Promise<DockerStream> {
    const stream = await this.transport.openStream(call);
    if (isSuccess(stream.status)) return stream;
    try {
      throw refusal(deed, {
        status: stream.status,
        body: await readRefusal(stream, this.tuning.lookMs),
      });
    } finally {
      stream.end();
    }
  }

  private getCall(look: Look): DockerCall {
    return { ...look, method: 'GET', deadlineMs: this.tuning.lookMs };
  }
}

const MAX_REFUSAL_BYTES = 64 * 1024;

/** A refusal in the place of a stream needs a deadline of its own: the call's was lifted with the head. */
async function readRefusal(stream: DockerStream, withinMs: number): Promise<Buffer> {
  const timer = setTimeout(() => {
    stream.end();
  }, withinMs);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_REFUSAL_BYTES) break;
    }
  } catch (error) {
    throw unavailable('the answer of Docker broke off', error);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

function isSuccess(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304;
}

function parse(answer: DockerAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8'));
  } catch {
    throw nonsense();
  }
}

function objectOf<T>(answer: DockerAnswer, key: keyof T & string): T {
  const body = parse(answer);
  if (!hasText(body, key)) throw nonsense();
  return body as T;
}

function hasText(value: unknown, key: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[key] === 'string'
  );
}

function nonsense(): DockerError {
  return unavailable('the answer is not that of a Docker Engine');
}
