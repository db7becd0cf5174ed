import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../http';
import { DashboardFigures } from '../dashboard-figures';
import { DashboardDto, DashboardQueryDto } from '../dto/dashboard.dto';

@ApiTags('metrics')
@Controller(['api/v1/metrics/dashboard', 'metrics/dashboard'])
export class DashboardController {
  constructor(private readonly figures: DashboardFigures) {}

  /**
   * Show figures for a dashboard, in the form of acestream-orchestrator. Speeds and counts are of this moment, rates and
   * times of the window; what acefleet does not measure is null.
   */
  @Get()
  @ApiProblems('storage_failed')
  show(@Query() { window_seconds }: DashboardQueryDto): Promise<DashboardDto> {
    return this.figures.collect(window_seconds);
  }
}
