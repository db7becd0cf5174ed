import { ApiProperty } from '@nestjs/swagger';
import { shownLabels } from '../../drivers/containers/engine-limits';
import type { Engine } from '../../registry/engine';
import { wallClockIso } from '../../../kernel/clock';
import { ENGINE_STATES } from '../../registry/engine-state';
import {
  DRAIN_REASONS,
  type DrainedBy,
  type DrainReason,
  type EngineState,
} from '../../registry/engine.types';

export type HealthStatus = 'healthy' | 'unhealthy' | 'unknown';

const DRAINED_BY: readonly DrainedBy[] = ['operator', 'fleet'];
const HEALTH_STATUSES: readonly HealthStatus[] = ['healthy', 'unhealthy', 'unknown'];

/** One engine. */
export class EngineDto {
  /** Stable over restarts of the engine. */
  readonly id: string;

  /** Equals `id`. */
  readonly container_id: string;

  readonly container_name: string;

  readonly host: string;

  /** Port of the engine's HTTP API. */
  readonly port: number;

  /** Port of the line protocol, if known. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly api_port: number | null;

  @ApiProperty({ enum: ENGINE_STATES })
  readonly state: EngineState;

  /** Result of the last probe; `unknown` before the first. */
  @ApiProperty({ enum: HEALTH_STATUSES })
  readonly health_status: HealthStatus;

  /** True when it holds a VPN's forwarded port. */
  readonly forwarded: boolean;

  /** The VPN that the engine uses, if any. */
  @ApiProperty({ type: String, nullable: true })
  readonly vpn: string | null;

  /** Ids of the streams on it. */
  readonly streams: string[];

  /** Number of slots. */
  readonly max_streams: number;

  /** True if somebody else runs it, and it was added with `POST /engines`. */
  readonly external: boolean;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly labels: Record<string, string>;

  @ApiProperty({ type: String, nullable: true })
  readonly version: string | null;

  /** ISO 8601, UTC. */
  readonly first_seen: string;

  /** Last answered probe. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_seen: string | null;

  /** Last time a stream used it; the present time while one does. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_stream_usage: string | null;

  /** Last probe, answered or missed. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_health_check: string | null;

  /** Why it is being drained, if it is. */
  @ApiProperty({ enum: DRAIN_REASONS, nullable: true })
  readonly drain_reason: DrainReason | null;

  /** The drain reason in words; the operator's own text if an operator drains the engine. */
  @ApiProperty({ type: String, nullable: true })
  readonly drain_detail: string | null;

  /** Who drains it. Only an operator can end a drain by an operator. */
  @ApiProperty({ enum: DRAINED_BY, nullable: true })
  readonly drained_by: DrainedBy | null;

  /** How many streams it was chosen for since its process started. */
  @ApiProperty({ type: 'integer' })
  readonly starts: number;

  constructor(engine: Engine, maxStreams: number) {
    this.id = engine.id;
    this.container_id = engine.id;
    this.container_name = engine.name;
    this.host = engine.endpoint.host;
    this.port = engine.endpoint.port;
    this.api_port = engine.apiPort;
    this.state = engine.state;
    this.health_status = healthStatus(engine.answered);
    this.forwarded = engine.forwarded;
    this.vpn = engine.vpn;
    this.streams = engine.streamIds;
    this.max_streams = engine.slotCount(maxStreams);
    this.external = engine.isExternal;
    this.labels = shownLabels(engine.labels);
    this.version = engine.version;
    this.first_seen = wallClockIso(engine.firstSeen);
    this.last_seen = isoOrNull(engine.lastSeen);
    this.last_stream_usage = isoOrNull(engine.lastStreamUsage);
    this.last_health_check = isoOrNull(engine.lastHealthCheck);
    this.drain_reason = engine.drainReason;
    this.drain_detail = engine.drainDetail;
    this.drained_by = engine.drainedBy;
    this.starts = engine.starts;
  }
}

/** `sim-2` before `sim-10`. */
const BY_ID = new Intl.Collator('en', { numeric: true });

/** Sorted by id. */
export function toEngineDtos(engines: readonly Engine[], maxStreams: number): EngineDto[] {
  return [...engines]
    .sort((a, b) => BY_ID.compare(a.id, b.id))
    .map((engine) => new EngineDto(engine, maxStreams));
}

function healthStatus(answered: boolean | null): HealthStatus {
  if (answered === null) return 'unknown';
  return answered ? 'healthy' : 'unhealthy';
}

function isoOrNull(date: Date | null): string | null {
  return date === null ? null : wallClockIso(date);
}
