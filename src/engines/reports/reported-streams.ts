import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AceEngineClient, EngineFault } from '../../ace';
import { CONFIG } from '../../config';
import { JobHandler, Jobs } from '../../coordination';
import { EventBus } from '../../events';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import { AppError } from '../../kernel/errors';
import type { EnginesConfig } from '../engines-config';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import type { HeldSlot } from '../registry/held-slot';

/** A report that is not repeated is forgotten after this time, so that a dead proxy cannot hold a slot for ever. */
export const REPORT_TTL_MS = 12 * 3_600_000;
/** Maximum number in all, to bound the memory. */
const MAX_REPORTED = 1000;
/** Ended ones that are remembered, so that a repeated report of an end gets the same answer. */
const MAX_PAST = 100;
const CHECK_INTERVAL_MS = 60_000;

export type ReportedEndReason =
  'reported' | 'replaced' | 'expired' | 'not_at_engine' | 'engine_gone';

export interface StreamReport {
  readonly keyType: string;
  readonly key: string;
  readonly playbackSessionId: string | null;
  readonly isLive: boolean | null;
  /** Id that the proxy has given to the stream; null: one is derived from key and session. */
  readonly streamId: string | null;
  /** Addresses at the engine that the engine gave to the proxy. */
  readonly statUrl: string | null;
  readonly commandUrl: string | null;
}

/** A stream that a proxy outside of acefleet plays on one of the engines. */
export interface ReportedStream {
  readonly id: string;
  readonly engineId: string;
  readonly keyType: string;
  readonly key: string;
  readonly playbackSessionId: string | null;
  readonly isLive: boolean | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

class ReportedSlot implements HeldSlot {
  readonly isCheckOnly = false;
  readonly startedAt = wallClockIso();
  readonly statPath: string | null;
  endedAt: string | null = null;
  reportedMs = monotonicMs();

  constructor(
    readonly streamId: string,
    readonly engine: Engine,
    readonly report: StreamReport,
    private readonly owner: ReportedStreams,
  ) {
    this.statPath = report.statUrl === null ? null : pathAt(engine, report.statUrl, '/ace/stat/');
    if (report.commandUrl !== null) pathAt(engine, report.commandUrl, '/ace/cmd/');
  }

  get isRevoked(): boolean {
    return this.endedAt !== null;
  }

  get isWatched(): boolean {
    return this.owner.countsForScaling(this.engine);
  }

  revoke(): void {
    this.owner.drop(this, 'engine_gone');
  }
}

/**
 * The streams that outside proxies report (`POST /events/stream_started`). Each holds a slot of its engine until its end
 * is reported, the engine no longer knows its session, or the report is too old. acefleet neither reads nor stops them.
 */
@Injectable()
export class ReportedStreams implements OnModuleInit, OnModuleDestroy {
  private readonly slots = new Map<string, ReportedSlot>();
  private past: ReportedSlot[] = [];
  private readonly unsubscribe: () => void;

  constructor(
    @Inject(CONFIG)
    private readonly config: Pick<
      EnginesConfig,
      'maxStreamsPerEngine' | 'maxReplicas' | 'minFreeReplicas'
    >,
    private readonly registry: EngineRegistry,
    @Inject(AceEngineClient) private readonly client: Pick<AceEngineClient, 'stat'>,
    private readonly events: EventBus,
    private readonly jobs: Jobs,
  ) {
    this.unsubscribe = registry.subscribe(({ kind, engine }) => {
      // Engine sessions end with the process of the engine.
      if (kind !== 'lost' && kind !== 'removed') return;
      for (const slot of this.of(engine)) this.drop(slot, 'engine_gone');
    });
  }

  onModuleInit(): void {
    this.jobs.every('reported_streams.check', CHECK_INTERVAL_MS);
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  list(): ReportedStream[] {
    return [...this.slots.values()].map(toReportedStream);
  }

  /** Newest first. */
  listPast(): ReportedStream[] {
    return this.past.map(toReportedStream);
  }

  /** A running stream, or else one that has ended recently. */
  find(id: string): ReportedStream | null {
    const slot = this.slots.get(id) ?? this.past.find(({ streamId }) => streamId === id);
    return slot === undefined ? null : toReportedStream(slot);
  }

  /** Finds a stream with this key, of this engine if it is given: a running one, or else the one that ended last. */
  findByKey(key: string, engineId: string | null): ReportedStream | null {
    const found = [...this.slots.values(), ...this.past].filter(
      ({ report, engine }) => report.key === key && (engineId ?? engine.id) === engine.id,
    );
    return found[0] === undefined ? null : toReportedStream(found[0]);
  }

  /**
   * Records that the stream has started. A repeated report changes nothing, but counts as a sign of life. A stream that
   * now is on another engine has left the first one.
   *
   * @throws AppError `invalid_request` for addresses that are not at the engine; `conflict` beyond a limit
   */
  start(engine: Engine, report: StreamReport, actor: string): ReportedStream {
    const id = report.streamId ?? idOf(engine, report);
    const known = this.slots.get(id);
    if (known?.engine === engine) {
      known.reportedMs = monotonicMs();
      return toReportedStream(known);
    }
    const slot = new ReportedSlot(id, engine, report, this);
    const ofEngine = this.of(engine).length;
    if (ofEngine >= engine.slotCount(this.config.maxStreamsPerEngine)) {
      throw new AppError(
        'conflict',
        `Outside proxies have reported ${ofEngine} streams on this engine already, as many as it has slots.`,
      );
    }
    if (this.slots.size >= MAX_REPORTED) {
      throw new AppError('conflict', `No more than ${MAX_REPORTED} reported streams are accepted.`);
    }
    if (known !== undefined) this.drop(known, 'replaced', actor);
    this.past = this.past.filter(({ streamId }) => streamId !== id);
    this.slots.set(id, slot);
    this.events.publish('external_stream_started', { stream_id: id, engine_id: engine.id, actor });
    this.registry.occupyReported(engine, slot);
    return toReportedStream(slot);
  }

  /** Records that the stream has ended. False if that is known. */
  end(id: string, actor: string): boolean {
    const slot = this.slots.get(id);
    if (slot === undefined) return false;
    this.drop(slot, 'reported', actor);
    return true;
  }

  /**
   * Anyone who may report streams could otherwise make the fleet as large as it may be: the engines of reported streams
   * count as in use up to a number with which no more than half of MAX_REPLICAS engines are wanted.
   */
  countsForScaling(engine: Engine): boolean {
    const { maxReplicas, minFreeReplicas } = this.config;
    // Two more than are in use may be wanted as look-ahead.
    const most = Math.floor(maxReplicas / 2) - Math.max(2, minFreeReplicas);
    const engines = new Set([...this.slots.values()].map((slot) => slot.engine));
    return [...engines].slice(0, Math.max(0, most)).includes(engine);
  }

  drop(slot: ReportedSlot, reason: ReportedEndReason, actor: string | null = null): void {
    if (slot.endedAt !== null) return;
    slot.endedAt = wallClockIso();
    this.slots.delete(slot.streamId);
    this.past = [slot, ...this.past].slice(0, MAX_PAST);
    this.events.publish('external_stream_ended', {
      stream_id: slot.streamId,
      engine_id: slot.engine.id,
      reason,
      actor,
    });
    this.registry.vacate(slot.engine.id, slot);
  }

  /** Ends the streams whose report is too old, or whose session the engine no longer knows. */
  @JobHandler('reported_streams.check')
  async check(_: null, signal: AbortSignal): Promise<void> {
    for (const slot of [...this.slots.values()]) {
      if (signal.aborted) return;
      if (monotonicMs() - slot.reportedMs > REPORT_TTL_MS) this.drop(slot, 'expired');
      else if (await this.isGone(slot, signal)) this.drop(slot, 'not_at_engine');
    }
  }

  /** False if the engine does not answer, because then nothing is known. */
  private async isGone({ engine, statPath }: ReportedSlot, signal: AbortSignal): Promise<boolean> {
    if (statPath === null || engine.state !== 'healthy') return false;
    try {
      await this.client.stat(engine.endpoint, { statPath }, { signal });
      return false;
    } catch (error) {
      return error instanceof EngineFault && error.kind === 'session';
    }
  }

  private of(engine: Engine): ReportedSlot[] {
    return [...this.slots.values()].filter((slot) => slot.engine === engine);
  }
}

function toReportedStream({
  streamId,
  engine,
  report,
  startedAt,
  endedAt,
}: ReportedSlot): ReportedStream {
  const { keyType, key, playbackSessionId, isLive } = report;
  return {
    id: streamId,
    engineId: engine.id,
    keyType,
    key,
    playbackSessionId,
    isLive,
    startedAt,
    endedAt,
  };
}

/** Keys other than ids are long and may contain secrets, so their hash is used. */
function idOf(engine: Engine, { keyType, key, playbackSessionId }: StreamReport): string {
  const isId = keyType === 'content_id' || keyType === 'infohash';
  const name = isId ? key : `${keyType}-${createHash('sha1').update(key).digest('hex')}`;
  return `${name}|${playbackSessionId ?? engine.id}`;
}

/** The path of an address at the engine. Other addresses are refused, because acefleet would send requests to them. */
function pathAt({ endpoint }: Engine, address: string, prefix: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host.toLowerCase();
  const isAtEngine =
    url?.protocol === 'http:' &&
    url.hostname === host &&
    Number(url.port || 80) === endpoint.port &&
    url.username === '' &&
    url.password === '' &&
    url.pathname.startsWith(prefix);
  if (isAtEngine) return url.pathname + url.search;
  throw new AppError(
    'invalid_request',
    `stat_url and command_url must be addresses of the engine, which is at ${host}:${endpoint.port}.`,
  );
}
