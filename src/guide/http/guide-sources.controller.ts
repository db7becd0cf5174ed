import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../../access';
import { ApiProblems } from '../../http';
import { AppError } from '../../kernel/errors';
import { GuideSourceBodyDto, GuideSourceChangesDto } from '../dto/guide-source-body.dto';
import { GuideSourceDto, GuideSourceListDto, GuideSourceRemovedDto } from '../dto/guide-source.dto';
import { GuideRefresher } from '../guide-refresher';
import { DEFAULT_INTERVAL_S, type GuideSource } from '../guide-source';
import { GuideSources } from '../guide-sources';

/** Sources of the programme guide. */
@ApiTags('guide')
@NeedsScope('admin')
@Controller('api/v1/guide/sources')
export class GuideSourcesController {
  constructor(
    private readonly sources: GuideSources,
    private readonly refresher: GuideRefresher,
  ) {}

  /** List guide sources. */
  @Get()
  list(): GuideSourceListDto {
    return { sources: this.sources.list().map((source) => this.toDto(source)) };
  }

  /** Show a guide source and what its last refresh has found. */
  @Get(':id')
  @ApiProblems('not_found')
  get(@Param('id') id: string): GuideSourceDto {
    return this.toDto(this.sources.get(id));
  }

  /** Create a guide source. It is fetched at once. Answers 409 if there are 20 already. */
  @Post()
  @ApiCreatedResponse({ type: GuideSourceDto })
  @ApiProblems('conflict')
  async create(@Body() body: GuideSourceBodyDto): Promise<GuideSourceDto> {
    const source = await this.sources.create({
      name: body.name,
      url: body.url,
      refreshIntervalS: body.refresh_interval_s ?? DEFAULT_INTERVAL_S,
      isEnabled: body.is_enabled ?? true,
    });
    this.refresher.sourceChanged(source.id);
    return this.toDto(source);
  }

  /** Change a guide source. With a new address it is fetched at once. */
  @Patch(':id')
  @ApiProblems('not_found')
  async change(
    @Param('id') id: string,
    @Body() body: GuideSourceChangesDto,
  ): Promise<GuideSourceDto> {
    const { name, url, refresh_interval_s: refreshIntervalS, is_enabled: isEnabled } = body;
    const changes = Object.entries({ name, url, refreshIntervalS, isEnabled });
    const given = Object.fromEntries(changes.filter(([, value]) => value !== undefined));
    const source = await this.sources.update(id, given);
    this.refresher.sourceChanged(id);
    return this.toDto(source);
  }

  /** Remove a guide source with its programmes. */
  @Delete(':id')
  @ApiProblems('not_found')
  async remove(@Param('id') id: string): Promise<GuideSourceRemovedDto> {
    await this.sources.remove(id);
    this.refresher.forget(id);
    return { id, message: 'The guide source was removed.' };
  }

  /** Refresh a guide source now. The answer has no body and does not wait for the end of the refresh. */
  @Post(':id/refresh')
  @NeedsScope('operate')
  @HttpCode(202)
  @ApiAcceptedResponse({ description: 'The refresh begins soon' })
  @ApiProblems('not_found', 'conflict')
  refresh(@Param('id') id: string): void {
    const { isEnabled } = this.sources.get(id);
    if (!isEnabled) throw new AppError('conflict', 'The guide source is switched off.');
    // The address of the source may contain a password, which only `admin` may see, so the source is not in the answer.
    this.refresher.refreshNow(id);
  }

  private toDto(source: GuideSource): GuideSourceDto {
    const { id, name, url, refreshIntervalS, isEnabled } = source;
    const state = this.sources.stateOf(id);
    return {
      ...{ id, name, url, refresh_interval_s: refreshIntervalS, is_enabled: isEnabled },
      is_refreshing: this.refresher.isRefreshing(id),
      fetched_at: isoOf(state.fetchedAt),
      checked_at: isoOf(state.checkedAt),
      next_refresh_at: isoOf(this.refresher.nextRefreshAt(id)),
      channels: state.channels,
      programmes: state.programmes,
      last_error: state.fault,
    };
  }
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
