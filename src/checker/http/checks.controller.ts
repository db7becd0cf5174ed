import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { CONFIG, type AppConfig } from '../../config';
import { ApiProblems } from '../../http';
import { AppError } from '../../kernel/errors';
import { Checker } from '../checker';
import { CheckRequestDto, CheckRunDto, ChecksDto } from '../dto/check.dto';
import { toCheckRunDto, toChecksDto } from './check-mapping';

/** Checks of the sources of channels. */
@ApiTags('channels')
@Controller('api/v1')
export class ChecksController {
  constructor(
    private readonly checker: Checker,
    @Inject(CONFIG) private readonly config: AppConfig,
  ) {}

  /** Show which sources are being checked. */
  @Get('checks')
  show(): ChecksDto {
    return toChecksDto(this.checker, this.config.sourceCheckIntervalMs);
  }

  /**
   * Check the sources of all visible channels, or of those of a group. The answer comes at once; the run continues while
   * enough slots are free. A run of the same channels that has not ended is continued.
   */
  @Post('checks')
  @HttpCode(202)
  @ApiBody({ type: CheckRequestDto, required: false })
  @ApiProblems('not_found', 'conflict')
  checkAll(@Body() body?: CheckRequestDto): CheckRunDto {
    return toCheckRunDto(this.checker.checkAll(body?.group ?? null));
  }

  /** Check the sources of a channel. The results are at the channel when the run has ended. */
  @Post('channels/:id/check')
  @HttpCode(202)
  @ApiProblems('conflict')
  checkChannel(@Param('id') id: string): CheckRunDto {
    return toCheckRunDto(this.checker.checkChannel(id));
  }

  /** Show a run of checks. The last 20 runs that ended are kept. */
  @Get('checks/:id')
  showRun(@Param('id') id: string): CheckRunDto {
    const run = this.checker.find(id);
    if (run === null) throw unknownRun();
    return toCheckRunDto(run);
  }

  /** Stop a run of checks. A check that no other run waits for ends at once. */
  @Delete('checks/:id')
  @ApiProblems('conflict')
  stop(@Param('id') id: string): CheckRunDto {
    const run = this.checker.stop(id);
    if (run !== null) return toCheckRunDto(run);
    if (this.checker.find(id) === null) throw unknownRun();
    throw new AppError('conflict', 'The run has ended already.');
  }
}

function unknownRun(): AppError {
  return new AppError('not_found', 'There is no such run.');
}
