import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { plainToInstance } from 'class-transformer';
import { isObject, validateSync } from 'class-validator';
import { NeedsScope } from '../../access';
import {
  ApiProblems,
  type FastifyReply,
  type FastifyRequest,
  LIST_TYPES,
  readWord,
  StreamedBody,
  streamedBody,
} from '../../http';
import { AppError } from '../../kernel/errors';
import { isPrintable, MAX_IMPORT_NAME_LENGTH } from '../channel-fields';
import {
  CreateImportDto,
  ImportAddressDto,
  ImportDto,
  ImportListDto,
  ImportRemovedDto,
  ImportResultDto,
  UpdateImportDto,
} from '../dto/channel-import.dto';
import { ChannelImports, DEFAULT_REFRESH_INTERVAL_MS } from '../import/channel-imports';
import { toImportDto, toImportResultDto } from './import-mapping';

const DRY_RUN = {
  name: 'dry_run',
  required: false,
  enum: ['0', '1'],
  description: '1: only say what the import would change',
};
const LIST_BODY = {
  schema: {
    type: 'string',
    examples: [
      '#EXTM3U\n#EXTINF:-1 tvg-id="news.example",News\nacestream://0123456789abcdef0123456789abcdef01234567\n',
    ],
  },
};
const IMPORT_ID = { name: 'id', type: String, description: 'Id of an import', example: 'sport' };
const NAME_OF_SENT_LISTS = 'sent list';

/** Lists from which channels are imported. */
@ApiTags('channels')
@ApiExtraModels(ImportAddressDto)
@NeedsScope('admin')
@Controller('api/v1/channels')
export class ImportsController {
  constructor(private readonly imports: ChannelImports) {}

  @Post('import')
  @HttpCode(200)
  @StreamedBody()
  @ApiOperation({
    summary: 'Import an M3U list once',
    description:
      'The body is the list, or an object with its address. A list with the same name replaces the last one: channels ' +
      'that it lacks are marked as missing. Entries without AceStream content are skipped and counted.',
    requestBody: {
      required: true,
      content: {
        'audio/x-mpegurl': LIST_BODY,
        'text/plain': LIST_BODY,
        'application/json': { schema: { $ref: getSchemaPath(ImportAddressDto) } },
      },
    },
  })
  @ApiQuery(DRY_RUN)
  @ApiQuery({
    name: 'name',
    required: false,
    type: String,
    description: 'Name of the import, for a list in the body',
  })
  @ApiProblems('conflict', 'unusable_list', 'outbound_refused', 'outbound_failed')
  async importOnce(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportResultDto> {
    const query = queryOf(request);
    const isDryRun = readDryRun(query);
    const body = streamedBody(request);
    if (body === null) {
      const { url, name } = readAddress(request.body);
      return toImportResultDto(
        await this.imports.importAddress(name ?? new URL(url).host, url, { isDryRun }),
      );
    }
    try {
      const name = readName(query);
      return toImportResultDto(await this.imports.importText(name, body, { isDryRun }));
    } catch (error) {
      // A part of the list may still be on its way, and would be taken for the next request.
      void reply.header('Connection', 'close');
      throw error;
    }
  }

  /** List imports. */
  @Get('imports')
  list(): ImportListDto {
    return { imports: this.imports.list().map(toImportDto) };
  }

  /** Show an import and the result of its last attempt. */
  @Get('imports/:id')
  @ApiParam(IMPORT_ID)
  get(@Param('id') id: string): ImportDto {
    return toImportDto(this.imports.get(id));
  }

  /** Create an import. Its list is fetched now, and again after each interval. */
  @Post('imports')
  @ApiProblems('conflict')
  async create(@Body() body: CreateImportDto): Promise<ImportDto> {
    const { name, url, refresh_interval_s, is_enabled } = body;
    const intervalMs =
      refresh_interval_s == null ? DEFAULT_REFRESH_INTERVAL_MS : refresh_interval_s * 1000;
    return toImportDto(
      await this.imports.create({
        name,
        url,
        refreshIntervalMs: intervalMs,
        isEnabled: is_enabled ?? true,
      }),
    );
  }

  /** Change an import. If it has another address, its list is fetched now. */
  @Patch('imports/:id')
  @ApiParam(IMPORT_ID)
  async change(@Param('id') id: string, @Body() body: UpdateImportDto): Promise<ImportDto> {
    const { name, url, refresh_interval_s, is_enabled } = body;
    return toImportDto(
      await this.imports.change(id, {
        ...(name == null ? {} : { name }),
        ...(url == null ? {} : { url }),
        ...(refresh_interval_s == null ? {} : { refreshIntervalMs: refresh_interval_s * 1000 }),
        ...(is_enabled == null ? {} : { isEnabled: is_enabled }),
      }),
    );
  }

  /** Remove an import and the channels that no other import lists. Their numbers are kept for them. */
  @Delete('imports/:id')
  @ApiParam(IMPORT_ID)
  async remove(@Param('id') id: string): Promise<ImportRemovedDto> {
    await this.imports.remove(id);
    return { id, message: 'The import was removed.' };
  }

  /** Fetch and import the list of an import now. Answers 409 for an import without an address. */
  @Post('imports/:id/refresh')
  @NeedsScope('operate')
  @ApiParam(IMPORT_ID)
  @HttpCode(200)
  @ApiQuery(DRY_RUN)
  @ApiProblems('conflict', 'unusable_list', 'outbound_refused', 'outbound_failed')
  async refresh(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ImportResultDto> {
    const isDryRun = readDryRun(queryOf(request));
    return toImportResultDto(await this.imports.refresh(id, { isDryRun }));
  }
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}

function readDryRun(query: URLSearchParams): boolean {
  return readWord(query, 'dry_run', ['0', '1']) === '1';
}

function readName(query: URLSearchParams): string {
  const name = query.get('name') ?? NAME_OF_SENT_LISTS;
  if (isPrintable(name, MAX_IMPORT_NAME_LENGTH)) return name;
  throw new AppError(
    'invalid_request',
    `name must be text of 1 to ${MAX_IMPORT_NAME_LENGTH} characters.`,
  );
}

function readAddress(body: unknown): ImportAddressDto {
  const address = plainToInstance(ImportAddressDto, isObject(body) ? body : {});
  const [fault] = validateSync(address, { whitelist: true, forbidNonWhitelisted: true });
  if (fault === undefined) return address;
  const [message = 'The body is not valid'] = Object.values(fault.constraints ?? {});
  throw new AppError('invalid_request', `${message}; or send the list as ${LIST_TYPES[0]}.`);
}
