import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Logger,
  Param,
  Patch,
  Post,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../http';
import { AppError } from '../../kernel/errors';
import { ApiKeys, type ApiKey, type ApiKeyTerms } from './api-keys';
import {
  ApiKeyChangeDto,
  ApiKeyCreatedDto,
  ApiKeyDto,
  ApiKeyListDto,
  NewApiKeyDto,
} from './dto/api-key.dto';
import { NeedsScope } from './needs-scope';

/** API keys beside the main key, which only the operator of the machine changes. */
@ApiTags('keys')
@NeedsScope('admin')
@Controller('api/v1/keys')
export class ApiKeysController {
  private readonly logger = new Logger('Access');

  constructor(private readonly keys: ApiKeys) {}

  /** List API keys. The main key, which is `API_KEY` or the file `api-key`, is not among them. */
  @Get()
  list(): ApiKeyListDto {
    return { keys: this.keys.list().map((key) => this.toDto(key)) };
  }

  /** Create an API key. The answer contains its secret, which is not stored and cannot be shown again. */
  @Post()
  @ApiProblems('conflict', 'storage_full', 'storage_failed')
  async create(@Body() { name, scope, expires_at }: NewApiKeyDto): Promise<ApiKeyCreatedDto> {
    const expiresAtMs = toMs(expires_at ?? null);
    const { key, secret } = await this.keys.create({ name, scope, expiresAtMs });
    this.logger.log({ key_id: key.id, name, scope }, 'an API key was created');
    return Object.assign(this.toDto(key), { key: secret });
  }

  /** Change the name, the scope or the expiry of an API key. */
  @Patch(':id')
  @ApiProblems('storage_full', 'storage_failed')
  async update(
    @Param('id') id: string,
    @Body() { name, scope, expires_at }: ApiKeyChangeDto,
  ): Promise<ApiKeyDto> {
    const terms: Partial<ApiKeyTerms> = {
      ...(name == null ? {} : { name }),
      ...(scope == null ? {} : { scope }),
      ...(expires_at === undefined ? {} : { expiresAtMs: toMs(expires_at) }),
    };
    const key = await this.keys.update(id, terms);
    if (key === null) throw unknownKey();
    this.logger.log({ key_id: id, name: key.name, scope: key.scope }, 'an API key was changed');
    return this.toDto(key);
  }

  /** Remove an API key. Requests with it are refused from then on. */
  @Delete(':id')
  @HttpCode(204)
  @ApiProblems('storage_full', 'storage_failed')
  async remove(@Param('id') id: string): Promise<void> {
    if (!(await this.keys.remove(id))) throw unknownKey();
    this.logger.log({ key_id: id }, 'an API key was removed');
  }

  private toDto(key: ApiKey): ApiKeyDto {
    const { id, name, scope, createdAtMs, expiresAtMs, lastUsedAtMs } = key;
    return {
      id,
      name,
      scope,
      created_at: new Date(createdAtMs).toISOString(),
      expires_at: toIso(expiresAtMs),
      is_expired: this.keys.isExpired(key),
      last_used_at: toIso(lastUsedAtMs),
    };
  }
}

function toMs(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso);
}

function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function unknownKey(): AppError {
  return new AppError('not_found', 'There is no such API key.');
}
