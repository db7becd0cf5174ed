import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerCreateOptions, ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { EngineUsage } from '../engine-runtime.port';
import { containerUsage, type ContainerSample } from './container-usage';
import type { DockerApi, Done } from './docker-api';
import { DockerError } from './docker-error';
import type { DockerCall } from './docker-transport';
import { readLog } from './read-log';

/** Containers of one Docker Engine. `id` may be a name wherever it is taken. */
export class DockerContainers {
  constructor(private readonly api: DockerApi) {}

  /** In every phase. @param labels `key` or `key=value`; a container has all of them */
  list(labels: readonly string[], signal?: AbortSignal): Promise<ContainerInfo[]> {
    const query = { all: true, filters: { label: labels } };
    return this.api.list<ContainerInfo>({ path: '/containers/json', query, signal }, 'Id');
  }

  /** @throws DockerError for which `isAbsent` is true when it is not there */
  inspect(id: string, signal?: AbortSignal): Promise<ContainerInspectInfo> {
    return this.api.object<ContainerInspectInfo>({ path: pathOf(id, '/json'), signal }, 'Id');
  }

  find(id: string, signal?: AbortSignal): Promise<ContainerInspectInfo | null> {
    return this.api.objectOrNull<ContainerInspectInfo>({ path: pathOf(id, '/json'), signal }, 'Id');
  }

  /**
   * Makes a container and does not start it.
   *
   * @returns its id
   * @throws DockerError `image_missing`, `name_conflict`, `network_missing`, `runtime_refused`. After
   *   `docker_unavailable`, or a signal, it may have been made all the same.
   */
  create(
    name: string,
    options: Omit<ContainerCreateOptions, 'name' | 'abortSignal'>,
    signal?: AbortSignal,
  ): Promise<string> {
    const deadlineMs = this.api.tuning.changeMs;
    return this.api.create(
      {
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body: options,
        deadlineMs,
        signal,
      },
      'Id',
    );
  }

  /**
   * A container whose start failed stays as `created` and must be removed: Docker may start it later
   * without its ports.
   *
   * @throws DockerError `port_conflict`, `network_missing`, `runtime_refused`; `isAbsent` when it is not there
   */
  async start(id: string, signal?: AbortSignal): Promise<Done> {
    const path = pathOf(id, '/start');
    const deadlineMs = this.api.tuning.changeMs;
    const { status } = await this.api.act('start', { method: 'POST', path, deadlineMs, signal });
    return status === 304 ? 'already' : 'done';
  }

  /** Asks its process to end, and makes it after `graceSeconds`. `already`: there is none. */
  stop(id: string, graceSeconds: number, signal?: AbortSignal): Promise<Done> {
    return this.makeSo({
      method: 'POST',
      path: pathOf(id, '/stop'),
      query: { t: graceSeconds },
      deadlineMs: graceSeconds * 1000 + this.api.tuning.endMarginMs,
      signal,
    });
  }

  /** @throws DockerError as `start` does */
  async restart(id: string, graceSeconds: number, signal?: AbortSignal): Promise<void> {
    const { changeMs, endMarginMs } = this.api.tuning;
    await this.api.act('start', {
      method: 'POST',
      path: pathOf(id, '/restart'),
      query: { t: graceSeconds },
      deadlineMs: graceSeconds * 1000 + endMarginMs + changeMs,
      signal,
    });
  }

  /** `already`: it was not paused. */
  unpause(id: string, signal?: AbortSignal): Promise<Done> {
    const deadlineMs = this.api.tuning.changeMs;
    const path = pathOf(id, '/unpause');
    return this.makeSo({ method: 'POST', path, deadlineMs, signal }, /is not paused/i);
  }

  /** Kills it if need be and removes it with its anonymous volumes. `already`: somebody else is at it. */
  remove(id: string, signal?: AbortSignal): Promise<Done> {
    const query = { force: true, v: true };
    const path = pathOf(id, '');
    const { killMs, endMarginMs } = this.api.tuning;
    const deadlineMs = killMs + endMarginMs;
    return this.makeSo(
      { method: 'DELETE', path, query, deadlineMs, signal },
      /already in progress/i,
    );
  }

  /** The newest lines of both outputs, newest last. */
  logs(id: string, lines: number, signal?: AbortSignal): Promise<string[]> {
    return readLog(this.api, pathOf(id, '/logs'), lines, signal);
  }

  /**
   * Takes two samples, so it takes a second and more.
   *
   * @throws DockerError for which `isAbsent` is true when it is not there
   */
  async usage(id: string, signal?: AbortSignal): Promise<EngineUsage> {
    const { HostConfig } = await this.inspect(id, signal);
    const earlier = await this.sample(id, signal);
    await delay(this.api.tuning.sampleGapMs, undefined, { signal }).catch(() => undefined);
    signal?.throwIfAborted();
    const later = await this.sample(id, signal);
    return containerUsage(earlier, later, HostConfig.Memory ?? 0);
  }

  /** With `one-shot` Docker does not wait for a second sample, and holds nothing open for us. */
  private sample(id: string, signal?: AbortSignal): Promise<ContainerSample> {
    const query = { stream: false, 'one-shot': true };
    return this.api.object<ContainerSample>({ path: pathOf(id, '/stats'), query, signal }, 'read');
  }

  /** @param alreadySo Docker's words when there is nothing to do, for which it has no status of its own */
  private async makeSo(call: DockerCall, alreadySo?: RegExp): Promise<Done> {
    try {
      return await this.api.makeSo('change', call);
    } catch (error) {
      const isRefused = error instanceof DockerError && error.code === 'runtime_refused';
      if (isRefused && alreadySo?.test(error.message) === true) return 'already';
      throw error;
    }
  }
}

function pathOf(id: string, verb: string): string {
  return `/containers/${id}${verb}`;
}
