import { type AddressInfo } from 'node:net';
import { Logger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppConfig, CONFIG, loadConfig } from '../../config';
import { EventBus } from '../../events';
import { Edge } from '../../http';
import type { EngineLogs, EngineUsage, ObservedEngine } from '../drivers/engine-runtime.port';
import type { Engine } from '../registry/engine';
import { ExternalEngines } from '../external/external-engines';
import { EngineRegistry } from '../registry/engine-registry';
import { EngineSupply } from '../fleet/engine-supply';
import type { EngineDescription } from '../registry/engine.types';
import { LIMITS } from '../fleet/fleet-snapshot.spec-support';
import { FleetControl, type ProvisionTicket } from '../fleet/fleet-control.port';
import type { FleetStatus } from '../fleet/fleet.types';
import { VpnRegistry } from '../vpn/vpn-registry';
import { EngineCommands } from './engine-commands';

export function aStatus(over: Partial<FleetStatus> = {}): FleetStatus {
  return {
    runtime: 'docker',
    link: { state: 'connected', since: new Date(0), reason: null },
    image: {
      reference: 'engine:1',
      id: 'sha256:1',
      state: 'present',
      progress: null,
      reason: null,
    },
    imageRefresh: { isRunning: false, next: null, last: null },
    rollout: {
      state: 'idle',
      ...{ cause: null, total: 0, replaced: 0, startedAt: null, reason: null },
    },
    profile: 'acestream-http-proxy',
    wanted: 2,
    why: ['MIN_REPLICAS=2'],
    present: 2,
    starting: 0,
    waiting: 0,
    limits: LIMITS,
    breaker: { state: 'closed', failures: 0, threshold: 5, retryInMs: 0, lastFailure: null },
    blocked: null,
    decisions: [],
    ...over,
  };
}

/** The status of a fleet whose engines acefleet does not run. */
export function aStaticStatus(): FleetStatus {
  return aStatus({
    ...{ runtime: null, link: null, image: null, profile: null },
    ...{ imageRefresh: null, rollout: null },
  });
}

type Script = { -readonly [Name in Exclude<keyof FleetControl, 'status'>]: FleetControl[Name] };

/** Answers each call as the spec has scripted it, and records the call. */
export class ScriptedFleet extends FleetControl {
  readonly asked: unknown[][] = [];
  now = aStatus();
  /** What each call does. A call without an entry throws. */
  script: Partial<Script> = {};

  status(): FleetStatus {
    return this.now;
  }

  provision(): ProvisionTicket {
    return this.play('provision');
  }

  scaleTo(count: number): number {
    return this.play('scaleTo', count);
  }

  remove(engineId: string): void {
    this.play('remove', engineId);
  }

  async restart(engineId: string): Promise<void> {
    await this.play('restart', engineId);
  }

  async logs(engineId: string, lines: number): Promise<EngineLogs> {
    return this.play('logs', engineId, lines);
  }

  async usage(engineId: string): Promise<EngineUsage> {
    return this.play('usage', engineId);
  }

  observed(engineId: string): ObservedEngine {
    return this.play('observed', engineId);
  }

  async collectGarbage(): Promise<number> {
    return this.play('collectGarbage');
  }

  refreshImage(): void {
    this.play('refreshImage');
  }

  replaceAll(): number {
    return this.play('replaceAll');
  }

  resetBreaker(): void {
    this.play('resetBreaker');
  }

  private play<Name extends keyof Script>(
    name: Name,
    ...args: Parameters<Script[Name]>
  ): ReturnType<Script[Name]> {
    this.asked.push([name, ...args]);
    const scripted = this.script[name] as
      ((...given: Parameters<Script[Name]>) => ReturnType<Script[Name]>) | undefined;
    if (scripted === undefined) throw new Error(`${name} is not scripted`);
    return scripted(...args);
  }
}

export function aDescription(over: Partial<EngineDescription> = {}): EngineDescription {
  return {
    id: 'c1',
    name: 'engine-1',
    endpoint: { host: '172.17.0.2', port: 6878 },
    apiPort: 62062,
    labels: {},
    forwarded: false,
    vpn: null,
    ...over,
  };
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- specs look into answers of many shapes
  readonly body: any;
}

/** Serves the fleet's controllers on a real socket, through the real HTTP edge, with a scripted fleet behind them. */
export class FleetApi {
  readonly fleet = new ScriptedFleet();
  readonly registry: EngineRegistry;
  readonly vpns: VpnRegistry;
  /** Ids of engines that somebody else runs. */
  readonly external = new Set<string>();
  private readonly bus = new EventBus();
  private readonly config: AppConfig;
  private app: NestFastifyApplication | null = null;
  private port = 0;

  /** @param env settings */
  constructor(env: Readonly<Record<string, string>> = {}) {
    this.config = loadConfig(env);
    this.registry = new EngineRegistry(this.bus);
    this.vpns = new VpnRegistry(this.config, this.bus);
  }

  async listen(...controllers: Type[]): Promise<this> {
    Logger.overrideLogger(false);
    const chosen = { kind: 'docker', why: 'ENGINE_DRIVER=docker', isFallback: false };
    const providers = [
      { provide: CONFIG, useValue: this.config },
      { provide: FleetControl, useValue: this.fleet },
      { provide: EngineRegistry, useValue: this.registry },
      { provide: EngineSupply, useValue: { chosen } },
      { provide: VpnRegistry, useValue: this.vpns },
      { provide: ExternalEngines, useValue: this.external },
      EngineCommands,
    ];

    @Module({ controllers, providers })
    class ApiModule {}

    const edge = new Edge({
      proxyMaxClients: 10,
      proxyMaxSessions: 150,
      trustedProxies: [],
      logLevel: 'info',
    });
    this.app = await NestFactory.create<NestFastifyApplication>(ApiModule, edge.adapter, {
      bodyParser: false,
      logger: false,
      abortOnError: false,
    });
    await edge.configure(this.app);
    await this.app.listen({ host: '127.0.0.1', port: 0 });
    this.port = (this.app.getHttpServer().address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    await this.app?.close();
    this.bus.onApplicationShutdown();
  }

  /** An engine that has answered a probe. */
  engine(over: Partial<EngineDescription> = {}): Engine {
    const description = aDescription(over);
    this.registry.announce(description);
    const engine = this.registry.get(description.id);
    if (engine === undefined) throw new Error('an announced engine is not known');
    engine.recordAnswer({ version: '3.2.11', networkConnected: true });
    this.registry.transition(engine, 'healthy', 'probe answered');
    return engine;
  }

  async ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answered> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      signal: signal ?? null,
      ...(body === undefined
        ? {}
        : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
}
