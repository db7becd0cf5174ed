import { EngineReadyDto, type EngineRequestedDto } from '../dto/provision.dto';

/** A requested engine that has answered, with the duplicate fields of acestream-orchestrator. */
export class EngineReadyCompatDto extends EngineReadyDto {
  /** Equals `engine.container_id`. */
  readonly container_id!: string;

  /** Equals `engine.container_name`. */
  readonly container_name!: string;

  /** Equals `engine.port`. */
  readonly host_http_port!: number;
}

export function toProvisionCompat(
  answer: EngineRequestedDto | EngineReadyDto,
): EngineRequestedDto | EngineReadyCompatDto {
  if (answer.status !== 'ready') return answer;
  const { container_id, container_name, port } = answer.engine;
  return Object.assign({}, answer, { container_id, container_name, host_http_port: port });
}
