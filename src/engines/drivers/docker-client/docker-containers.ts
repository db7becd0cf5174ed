import { setTimeout as delay } from 'node:timers/promises';
import type { EngineUsage } from '../engine-runtime.port';
import { type ContainerSample, containerUsage } from './container-usage';
import type { DockerApi, Done } from './docker-api';
import { DockerError } from './docker-error';
import type { DockerCall } from './docker-transport';
import type { ContainerCreateOptions, ContainerInfo, ContainerInspectInfo } from './docker-types';

/** Containers of one Docker Engine. Every `id` may also be a name. */
export class DockerContainers {
  constructor(private readonly api: DockerApi) {}

  /** Lists containers in every state. @param labels `key` or `key=value`; a container must have all of them */
  list(labels: readonly string[], signal?: AbortSignal): Promise<ContainerInfo[]> {
    const query = { all: true, filters: { label: labels } };
    return this.api.list<ContainerInfo>({ path: '/containers/json', query, signal }, 'Id');
  }

  /** @throws DockerError; `isAbsent` is true for it when the container does not exist */
  inspect(id: string, signal?: AbortSignal): Promise<ContainerInspectInfo> {
    return this.api.object<ContainerInspectInfo>({ path: pathOf(id, '/json'), signal }, 'Id');
  }

  find(id: string, signal?: AbortSignal): Promise<ContainerInspectInfo | null> {
    return this.api.objectOrNull<ContainerInspectInfo>({ path: pathOf(id, '/json'), signal }, 'Id');
  }

  /**
   * Creates a container without starting it.
   *
   * @returns its id
   * @throws DockerError `image_missing`, `name_conflict`, `network_missing`, `runtime_refused`. After
   *   `docker_unavailable` or an abort Docker may have created the container all the same.
   */
  create(name: string, options: ContainerCreateOptions, signal?: AbortSignal): Promise<string> {
    const deadlineMs = this.api.tuning.changeMs;
    const path = '/containers/create';
    return this.api.create(
      { method: 'POST', path, query: { name }, body: options, deadlineMs, signal },
      'Id',
    );
  }

  /**
   * Starts a container. One whose start failed stays in the state `created` and must be removed, because Docker may
   * start it later without its ports.
   *
   * @throws DockerError `port_conflict`, `network_missing`, `runtime_refused`; `isAbsent` when it does not exist
   */
  async start(id: string, signal?: AbortSignal): Promise<Done> {
    const path = pathOf(id, '/start');
    const deadlineMs = this.api.tuning.changeMs;
    const { status } = await this.api.call('start', { method: 'POST', path, deadlineMs, signal });
    return status === 304 ? 'already' : 'done';
  }

  /** Asks the process to end and kills it after `graceSeconds`. `already`: no process was running. */
  stop(id: string, graceSeconds: number, signal?: AbortSignal): Promise<Done> {
    return this.ensure({
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
    await this.api.call('start', {
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
    return this.ensure({ method: 'POST', path, deadlineMs, signal }, /is not paused/i);
  }

  /** Kills its process and removes it with its anonymous volumes. `already`: another call is removing it. */
  remove(id: string, signal?: AbortSignal): Promise<Done> {
    const query = { force: true, v: true };
    const path = pathOf(id, '');
    const { killMs, endMarginMs } = this.api.tuning;
    const deadlineMs = killMs + endMarginMs;
    return this.ensure(
      { method: 'DELETE', path, query, deadlineMs, signal },
      /already in progress/i,
    );
  }

  /** The newest lines of both outputs, newest last. */
  logs(id: string, lines: number, signal?: AbortSignal): Promise<string[]> {
    return this.api.logs(pathOf(id, '/logs'), lines, signal);
  }

  /**
   * Takes two samples a second apart, so it needs more than a second.
   *
   * @throws DockerError; `isAbsent` is true for it when the container does not exist
   */
  async usage(id: string, signal?: AbortSignal): Promise<EngineUsage> {
    const { HostConfig } = await this.inspect(id, signal);
    const earlier = await this.sample(id, signal);
    await delay(this.api.tuning.sampleGapMs, undefined, { signal }).catch(() => undefined);
    signal?.throwIfAborted();
    const later = await this.sample(id, signal);
    return containerUsage(earlier, later, HostConfig.Memory ?? 0);
  }

  /** With `one-shot` Docker answers at once and does not take a second sample itself. */
  private sample(id: string, signal?: AbortSignal): Promise<ContainerSample> {
    const query = { stream: false, 'one-shot': true };
    return this.api.object<ContainerSample>({ path: pathOf(id, '/stats'), query, signal }, 'read');
  }

  /** @param already Docker's message when nothing was left to do, for calls where the status does not show that */
  private async ensure(call: DockerCall, already?: RegExp): Promise<Done> {
    try {
      return await this.api.ensure('change', call);
    } catch (error) {
      const isRefused = error instanceof DockerError && error.code === 'runtime_refused';
      if (isRefused && already?.test(error.message) === true) return 'already';
      throw error;
    }
  }
}

function pathOf(id: string, verb: string): string {
  return `/containers/${id}${verb}`;
}
