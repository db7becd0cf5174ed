import { logLines, readBody } from './answer-body';
import {
  type DockerAnswer,
  DockerError,
  type DockerPurpose,
  refusal,
  unavailable,
} from './docker-error';
import type { DockerCall, DockerStream, DockerTransport } from './docker-transport';

/** How long each kind of call may take. */
export interface DockerTuning {
  /** Lists, inspections, logs, networks. */
  readonly readMs: number;
  /** Create, start, unpause, changes of services. */
  readonly changeMs: number;
  /** How long Docker itself waits for a killed process to end. */
  readonly killMs: number;
  /** Added to the time that a container is given to end. */
  readonly endMarginMs: number;
  /** The whole of a pull. */
  readonly pullMs: number;
  /** A pull without a message for this long has failed: while data arrive, Docker reports about once a second. */
  readonly pullSilenceMs: number;
  /** Between the two samples from which processor use is computed. */
  readonly sampleGapMs: number;
}

export const DOCKER_TUNING: DockerTuning = {
  readMs: 5000,
  changeMs: 15_000,
  killMs: 10_000,
  endMarginMs: 5000,
  pullMs: 600_000,
  pullSilenceMs: 120_000,
  sampleGapMs: 1000,
};

/**
 * Outcome of a call that may be repeated. `already`: nothing was left to do, or it is in progress; `absent`: the
 * object does not exist.
 */
export type Done = 'done' | 'already' | 'absent';

type Read = Omit<DockerCall, 'method' | 'deadlineMs' | 'body'>;

/** Each segment of a path begins with a letter or digit, so that no name can lead to another path. */
const PATH = /^(?:\/_?[a-zA-Z0-9][a-zA-Z0-9_.%-]*)+$/;

/** Makes calls and checks their answers. An answer that is no success becomes an error. */
export class DockerApi {
  constructor(
    private readonly transport: DockerTransport,
    readonly tuning: DockerTuning,
  ) {}

  /** @throws DockerError unless the status is 2xx or 304 */
  async call(purpose: DockerPurpose, call: DockerCall): Promise<DockerAnswer> {
    // Docker does not accept such names, so no object has this one, and Docker need not be asked.
    if (!PATH.test(call.path)) throw new DockerError('runtime_refused', 'no such name', 404);
    const answer = await this.transport.ask(call);
    if (isSuccess(answer.status)) return answer;
    throw refusal(purpose, answer);
  }

  /** For calls that are meant to reach a state, no matter whether this call or another program reaches it. */
  async ensure(purpose: DockerPurpose, call: DockerCall): Promise<Done> {
    try {
      const { status } = await this.call(purpose, call);
      return status === 304 ? 'already' : 'done';
    } catch (error) {
      if (error instanceof DockerError && error.status === 404) return 'absent';
      throw error;
    }
  }

  /** @returns an object that has a string under `key` */
  async object<T>(read: Read, key: keyof T & string): Promise<T> {
    return objectOf<T>(await this.read(read), key);
  }

  /** Null when Docker says that the object does not exist. */
  async objectOrNull<T>(read: Read, key: keyof T & string): Promise<T | null> {
    try {
      return await this.object<T>(read, key);
    } catch (error) {
      if (error instanceof DockerError && error.status === 404) return null;
      throw error;
    }
  }

  /** @returns objects that each have a string under `key` */
  async list<T>(read: Read, key: keyof T & string): Promise<T[]> {
    const body = parse(await this.read(read));
    // Docker writes some empty lists as null.
    if (body === null) return [];
    if (!Array.isArray(body) || !body.every((item) => hasText(item, key))) throw nonsense();
    return body as T[];
  }

  /** The newest lines of a container's or a service's log. @param path `…/logs` */
  async logs(path: string, lines: number, signal: AbortSignal | undefined): Promise<string[]> {
    const query = { stdout: true, stderr: true, tail: lines };
    const { body } = await this.read({ path, query, signal });
    return logLines(body, lines);
  }

  /** @returns the id of the new object */
  async create(call: DockerCall, key: 'Id' | 'ID'): Promise<string> {
    return objectOf<Record<typeof key, string>>(await this.call('create', call), key)[key];
  }

  /** @throws DockerError unless the status is 2xx; the stream is ended in that case */
  async stream(purpose: DockerPurpose, call: DockerCall): Promise<DockerStream> {
    const stream = await this.transport.openStream(call);
    if (isSuccess(stream.status)) return stream;
    try {
      throw refusal(purpose, {
        status: stream.status,
        body: await readRefusal(stream, this.tuning.readMs),
      });
    } finally {
      stream.end();
    }
  }

  private read(read: Read): Promise<DockerAnswer> {
    return this.call('read', { ...read, method: 'GET', deadlineMs: this.tuning.readMs });
  }
}

const MAX_REFUSAL_BYTES = 64 * 1024;

/**
 * A refusal in place of a stream needs its own deadline, because the deadline of the call ended when the head of the
 * answer arrived.
 */
async function readRefusal(stream: DockerStream, withinMs: number): Promise<Buffer> {
  const timer = setTimeout(() => {
    stream.end();
  }, withinMs);
  try {
    return await readBody(stream.body, MAX_REFUSAL_BYTES);
  } catch (error) {
    throw unavailable('the answer of Docker broke off', error);
  } finally {
    clearTimeout(timer);
  }
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
