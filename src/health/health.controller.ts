import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../access';
import { type FastifyReply } from '../http';
import { LivenessDto, ReadinessDto } from './dto/health.dto';
import { ReadinessGate } from './readiness-gate';

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(private readonly gate: ReadinessGate) {}

  /** Check that the process answers. If this check fails, a supervisor should restart the process. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): LivenessDto {
    return new LivenessDto();
  }

  /**
   * Check whether new viewers can be served. If the status is 503, a load balancer should use another instance.
   * `degraded` has status 200: streams continue, but files in DATA_DIR cannot be written or were damaged, or Redis
   * cannot be used.
   */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: ReadinessDto })
  @ApiServiceUnavailableResponse({ type: ReadinessDto })
  ready(@Res({ passthrough: true }) reply: FastifyReply): ReadinessDto {
    const reasons = this.gate.reasons();
    if (reasons.length > 0) reply.code(503);
    return new ReadinessDto(reasons, this.gate.degradations());
  }
}
