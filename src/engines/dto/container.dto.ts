import { ApiProperty } from '@nestjs/swagger';
import { wallClockIso } from '../../kernel/clock';
import type { ObservedEngine, EnginePhase } from '../drivers/engine-runtime.port';

/** Docker's words. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'exited';

const STATUS_BY_PHASE: Readonly<Record<EnginePhase, ContainerStatus>> = {
  created: 'created',
  running: 'running',
  paused: 'paused',
  ended: 'exited',
};

/** Ports at which an engine is reached; null while it has none. */
export class ContainerPortsDto {
  @ApiProperty({ type: 'integer', nullable: true })
  readonly http: number | null;

  /** Port of the line protocol. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly api: number | null;

  constructor(seen: ObservedEngine) {
    this.http = seen.endpoint?.port ?? null;
    this.api = seen.apiPort;
  }
}

/** What runs an engine, as it was seen last. Its environment is nobody's business. */
export class ContainerDto {
  readonly id: string;
  readonly name: string;
  readonly image: string;

  /** ISO 8601, UTC. */
  readonly created: string;

  @ApiProperty({ enum: Object.values(STATUS_BY_PHASE) })
  readonly status: ContainerStatus;

  /** In words. */
  readonly status_detail: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly labels: Record<string, string>;

  readonly ports: ContainerPortsDto;

  constructor(seen: ObservedEngine) {
    this.id = seen.id;
    this.name = seen.name;
    this.image = seen.image;
    this.created = wallClockIso(seen.createdAt);
    this.status = STATUS_BY_PHASE[seen.phase];
    this.status_detail = seen.phaseDetail;
    this.labels = { ...seen.labels };
    this.ports = new ContainerPortsDto(seen);
  }
}
