import type { ImageInspectInfo } from 'dockerode';
import type { DockerApi } from './docker-api';
import { DockerError, oneLine, unavailable } from './docker-error';
import type { DockerStream } from './docker-transport';
import { jsonLines } from './json-lines';
import { PullMeter, pullFailure, type PullProgress } from './pull-progress';

export interface DockerImage {
  /** `sha256:…` */
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly os: string;
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Images of one Docker Engine. */
export class DockerImages {
  constructor(private readonly api: DockerApi) {}

  /** Null when it is not there. */
  async find(reference: string, signal?: AbortSignal): Promise<DockerImage | null> {
    const path = `/images/${encodeURIComponent(reference)}/json`;
    const image = await this.api.objectOrNull<ImageInspectInfo>({ path, signal }, 'Id');
    if (image === null) return null;
    // Parts are missing for images that were imported, and from newer engines.
    const { RepoTags, RepoDigests, Config } = image as Partial<ImageInspectInfo>;
    return {
      id: image.Id,
      repoTags: RepoTags ?? [],
      repoDigests: RepoDigests ?? [],
      architecture: image.Architecture,
      os: image.Os,
      sizeBytes: image.Size,
      labels: (Config as { Labels?: Record<string, string> | null } | undefined)?.Labels ?? {},
    };
  }

  /**
   * Gets an image from its registry, without credentials. Returns when it is there. Layers that were got stay
   * when it fails, so the next attempt is shorter.
   *
   * @param onProgress called when the sums change, some times a second
   * @throws DockerError `image_missing` with the registry's reason; `docker_unavailable`
   */
  async pull(
    reference: string,
    onProgress: (progress: PullProgress) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { pullMs, pullSilenceMs } = this.api.tuning;
    // Docker's answer begins when the registry gave its own first one.
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

/** Without a tag Docker pulls every tag that there is. A digest is part of the name. */
function pullQuery(reference: string): { fromImage: string; tag?: string } {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return name.includes('@') || name.includes(':')
    ? { fromImage: reference }
    : { fromImage: reference, tag: 'latest' };
}

/** Ends the stream of a pull that takes too long, or tells nothing for too long. */
class PullLimit {
  exceeded: string | null = null;
  private readonly total: NodeJS.Timeout;
  private readonly silence: NodeJS.Timeout;

  constructor(stream: DockerStream, totalMs: number, silenceMs: number) {
    const within = (ms: number, words: string): NodeJS.Timeout =>
      setTimeout(() => {
        this.exceeded = words;
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
