import { jsonLines } from './answer-body';
import type { DockerApi, Done } from './docker-api';
import { DockerError, oneLine, unavailable } from './docker-error';
import type { DockerStream } from './docker-transport';
import type { ImageInfo } from './docker-types';

/** Bytes of the layers that Docker has reported so far; `totalBytes` grows while it finds more layers. */
export interface PullProgress {
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/** Images of one Docker Engine. */
export class DockerImages {
  constructor(private readonly api: DockerApi) {}

  /** Null when the image is not present. */
  find(reference: string, signal?: AbortSignal): Promise<ImageInfo | null> {
    const path = `/images/${encodeURIComponent(reference)}/json`;
    return this.api.objectOrNull<ImageInfo>({ path, signal }, 'Id');
  }

  /**
   * Asks the registry, without credentials, for the digest to which the reference leads now. Nothing is pulled.
   *
   * @throws DockerError `image_missing` with the registry's reason; `docker_unavailable`
   */
  async digest(reference: string, signal?: AbortSignal): Promise<string> {
    const path = `/distribution/${encodeURIComponent(reference)}/json`;
    const deadlineMs = this.api.tuning.pullSilenceMs;
    const answer = await this.api.call('pull', { method: 'GET', path, deadlineMs, signal });
    const { Descriptor } = JSON.parse(answer.body.toString('utf8')) as {
      readonly Descriptor?: { readonly digest?: unknown };
    };
    if (typeof Descriptor?.digest === 'string') return Descriptor.digest;
    throw new DockerError('image_missing', 'the registry reports no digest', null);
  }

  /**
   * Removes an image.
   *
   * @throws DockerError `runtime_refused` while a container uses it
   */
  remove(id: string, signal?: AbortSignal): Promise<Done> {
    const deadlineMs = this.api.tuning.changeMs;
    const path = `/images/${encodeURIComponent(id)}`;
    return this.api.ensure('change', { method: 'DELETE', path, deadlineMs, signal });
  }

  /**
   * Pulls an image from its registry, without credentials. Returns when the image is complete. Docker keeps the
   * layers of a pull that fails, so the next attempt is shorter.
   *
   * @param onProgress called when the sums change, several times a second
   * @throws DockerError `image_missing` with the registry's reason; `docker_unavailable`
   */
  async pull(
    reference: string,
    onProgress: (progress: PullProgress) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { pullMs, pullSilenceMs } = this.api.tuning;
    // Docker's answer begins only after the first answer of the registry.
    const stream = await this.api.stream('pull', {
      method: 'POST',
      path: '/images/create',
      query: pullQuery(reference),
      deadlineMs: pullSilenceMs,
      signal,
    });
    const limit = new PullLimit(stream, pullMs, pullSilenceMs);
    const meter = new PullMeter();
    try {
      for await (const message of jsonLines(stream.body)) {
        limit.renew();
        const failure = pullFailure(message);
        if (failure !== null) throw new DockerError('image_missing', oneLine(failure), null);
        if (meter.read(message)) onProgress(meter.progress);
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.exceeded !== null) throw new DockerError('image_missing', limit.exceeded, null);
      throw error instanceof DockerError ? error : unavailable('the pull broke off', error);
    } finally {
      limit.dispose();
      stream.end();
    }
  }
}

/** Without a tag Docker would pull every tag of the image. A digest is part of the name. */
function pullQuery(reference: string): { fromImage: string; tag?: string } {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return name.includes('@') || name.includes(':')
    ? { fromImage: reference }
    : { fromImage: reference, tag: 'latest' };
}

/** Ends the stream of a pull that takes too long or sends nothing for too long. */
class PullLimit {
  exceeded: string | null = null;
  private readonly total: NodeJS.Timeout;
  private readonly silence: NodeJS.Timeout;

  constructor(stream: DockerStream, totalMs: number, silenceMs: number) {
    const within = (ms: number, reason: string): NodeJS.Timeout =>
      setTimeout(() => {
        this.exceeded = reason;
        stream.end();
      }, ms);
    this.total = within(totalMs, `the pull took longer than ${totalMs / 60_000} minutes`);
    this.silence = within(silenceMs, `the pull made no progress for ${silenceMs / 1000} s`);
  }

  renew(): void {
    this.silence.refresh();
  }

  dispose(): void {
    clearTimeout(this.total);
    clearTimeout(this.silence);
  }
}

/** An image has at most 127 layers; the limit bounds the memory that a wrong answer can take. */
const MAX_LAYERS = 1000;

interface Layer {
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/**
 * Adds up the messages of a pull. Docker reports each layer under its short id: `Downloading` with bytes,
 * `Download complete`, `Extracting` with bytes again, `Pull complete`. Only the download counts.
 */
export class PullMeter {
  private readonly layers = new Map<string, Layer>();

  /** @returns true when the sums changed */
  read(message: unknown): boolean {
    const { id, status, progressDetail } = (message ?? {}) as PullMessage;
    if (typeof id !== 'string' || typeof status !== 'string') return false;
    const known = this.layers.get(id);
    if (/^(?:Download complete|Pull complete|Verifying Checksum|Extracting)/.test(status)) {
      if (known === undefined || known.currentBytes === known.totalBytes) return false;
      this.layers.set(id, { ...known, currentBytes: known.totalBytes });
      return true;
    }
    const { current, total } = progressDetail ?? {};
    if (!status.startsWith('Downloading') || !isBytes(current) || !isBytes(total)) return false;
    if (known === undefined && this.layers.size >= MAX_LAYERS) return false;
    this.layers.set(id, { currentBytes: Math.min(current, total), totalBytes: total });
    return true;
  }

  get progress(): PullProgress {
    const layers = [...this.layers.values()];
    return {
      currentBytes: layers.reduce((sum, layer) => sum + layer.currentBytes, 0),
      totalBytes: layers.reduce((sum, layer) => sum + layer.totalBytes, 0),
    };
  }
}

interface PullMessage {
  readonly id?: unknown;
  readonly status?: unknown;
  readonly progressDetail?: { readonly current?: unknown; readonly total?: unknown } | null;
}

/**
 * The reason if this message reports a failure; null otherwise. Docker sends the HTTP status before it pulls, so a
 * refusal of the registry arrives as a message.
 */
function pullFailure(message: unknown): string | null {
  const { error, errorDetail } = (message ?? {}) as {
    error?: unknown;
    errorDetail?: { message?: unknown } | null;
  };
  if (typeof errorDetail?.message === 'string') return errorDetail.message;
  return typeof error === 'string' ? error : null;
}

function isBytes(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
