import { Body, Controller, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../access';
import { EventBus } from '../events';
import { ApiProblems } from '../http';
import {
  SCHEMA_VERSION,
  SettingListDto,
  SettingsChangeDto,
  SettingsExportDto,
  SettingsImportDto,
  SettingsImportedDto,
  SettingsImportQueryDto,
} from './dto/settings.dto';
import { givenTexts } from './given-texts';
import { Settings } from './settings';
import { toSettingDto } from './settings-mapping';

/** There is one key, so the event cannot say whose it was. */
const ACTOR = 'api_key';

/** Settings: values, where they come from, and changes without a restart. */
@ApiTags('settings')
@Controller(['api/v1/settings', 'settings'])
export class SettingsController {
  constructor(
    private readonly settings: Settings,
    private readonly events: EventBus,
  ) {}

  /** List settings. Secrets are masked. */
  @Get()
  list(): SettingListDto {
    return {
      settings: this.settings.list().map(toSettingDto),
      ignored: [...this.settings.listIgnored()],
    };
  }

  /**
   * Change settings. All of them are changed or none. Values are written as in the environment; `null` is the default.
   * A change is stored and applied at once, unless the setting needs a restart. Answers 403 for settings that only the
   * environment can change, and 409 for settings that the environment or a file sets.
   */
  @Patch()
  @NeedsScope('admin')
  @ApiBody({
    schema: {
      type: 'object',
      additionalProperties: {
        oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }, { type: 'null' }],
      },
    } as object,
  })
  @ApiProblems('conflict')
  async change(@Body() body: object): Promise<SettingsChangeDto> {
    const { changed } = await this.settings.change(givenTexts(body));
    this.publish(changed);
    const names = new Set(changed);
    const states = this.settings.list().filter(({ setting }) => names.has(setting.variable));
    return {
      changed: [...changed],
      needs_restart: this.waiting(changed),
      settings: states.map(toSettingDto),
    };
  }

  /** Export the settings that differ from their defaults. Secrets are masked. */
  @Get('export')
  @NeedsScope('admin')
  export(): SettingsExportDto {
    return { schema_version: SCHEMA_VERSION, ...this.settings.exportAll() };
  }

  /**
   * Import an export. All of its settings are changed or none; settings that it does not contain go back to their
   * defaults. Masked secrets stay as they are. Answers 403 and 409 as for a change, unless the value is the present one.
   */
  @Post('import')
  @NeedsScope('admin')
  @HttpCode(200)
  @ApiProblems('conflict')
  async import(
    @Body() body: SettingsImportDto,
    @Query() { dry_run }: SettingsImportQueryDto,
  ): Promise<SettingsImportedDto> {
    const isDryRun = dry_run === 'true';
    const { changed } = await this.settings.importAll(givenTexts(body.settings), isDryRun);
    if (!isDryRun) this.publish(changed);
    return { dry_run: isDryRun, changed: [...changed], needs_restart: this.waiting(changed) };
  }

  private publish(names: readonly string[]): void {
    if (names.length > 0) this.events.publish('settings_changed', { names, actor: ACTOR });
  }

  private waiting(names: readonly string[]): string[] {
    return this.settings
      .list()
      .filter(({ setting }) => names.includes(setting.variable) && setting.change !== 'at_once')
      .map(({ setting }) => setting.variable);
  }
}
