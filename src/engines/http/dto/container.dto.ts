import { ApiProperty } from '@nestjs/swagger';
import { wallClockIso } from '../../../kernel/clock';
import { shownLabels } from '../../drivers/containers/engine-limits';
import type { ObservedEngine, EnginePhase } from '../../drivers/engine-runtime.port';

/** Docker's names for the phases of a container. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'exited';

const STATUS_BY_PHASE: Readonly<Record<EnginePhase, ContainerStatus>> = {
  created: 'created',
  running: 'running',
  paused: 'paused',
  ended: 'exited',
};

/** Ports of the engine; null while it has none. */
export class ContainerPortsDto {
  @ApiProperty({ type: 'integer', nullable: true })
  readonly http: number | null;

  /** Port of the line protocol. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly api: number | null;

  constructor(observed: ObservedEngine) {
    this.http = observed.endpoint?.port ?? null;
    this.api = observed.apiPort;
  }
}

/** The container of an engine as last observed. Its environment is not shown. */
export class ContainerDto {
  readonly id: string;
  readonly name: string;
  readonly image: string;

  /** ISO 8601, UTC. */
  readonly created: string;

  @ApiProperty({ enum: Object.values(STATUS_BY_PHASE) })
  readonly status: ContainerStatus;

  /** Details, for example `exited with code 137`. */
  readonly status_detail: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly labels: Record<string, string>;

  readonly ports: ContainerPortsDto;

  constructor(observed: ObservedEngine) {
    this.id = observed.id;
    this.name = observed.name;
    this.image = observed.image;
    this.created = wallClockIso(observed.createdAt);
    this.status = STATUS_BY_PHASE[observed.phase];
    this.status_detail = observed.phaseDetail;
    this.labels = shownLabels(observed.labels);
    this.ports = new ContainerPortsDto(observed);
  }
}
