import { ApiProperty, OmitType } from '@nestjs/swagger';
import type { BreakerState } from '../../fleet/fleet.types';
import { BREAKER_STATES } from '../dto/fleet-state.dto';
import { OrchestratorStatusDto, ProvisioningDto } from '../dto/orchestrator-status.dto';

/** With the duplicate fields of acestream-orchestrator. */
export class ProvisioningCompatDto extends ProvisioningDto {
  /** Equals `breaker.state`. */
  @ApiProperty({ enum: BREAKER_STATES })
  readonly circuit_breaker_state!: BreakerState;

  /** Equals `breaker.last_failure.time`. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_failure!: string | null;

  /** Equals `blocked_reason_details.message`. */
  @ApiProperty({ type: String, nullable: true })
  readonly blocked_reason!: string | null;
}

/** The status of the fleet, with the duplicate fields of acestream-orchestrator. */
export class OrchestratorStatusCompatDto extends OmitType(OrchestratorStatusDto, ['provisioning']) {
  @ApiProperty({ type: ProvisioningCompatDto })
  readonly provisioning!: ProvisioningCompatDto;
}

export function toOrchestratorStatusCompat(
  status: OrchestratorStatusDto,
): OrchestratorStatusCompatDto {
  const { breaker, provisioning } = status;
  return Object.assign({}, status, {
    provisioning: Object.assign({}, provisioning, {
      circuit_breaker_state: breaker.state,
      last_failure: breaker.last_failure?.time ?? null,
      blocked_reason: provisioning.blocked_reason_details?.message ?? null,
    }),
  });
}
