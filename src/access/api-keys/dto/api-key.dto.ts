import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches, ValidateBy } from 'class-validator';
import { API_KEY_SCOPES, type ApiKeyScope } from '../api-key-scope';

const NAME = /^[^\p{Cc}\p{Cs}]{1,100}$/u;
const NAME_MESSAGE = { message: 'name must be text of 1 to 100 characters' };
const SCOPE_MESSAGE = { message: `scope must be one of ${API_KEY_SCOPES.join(', ')}` };

/** A moment: a date alone, or a time without a zone, would depend on where the server runs. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

function IsExpiry(): PropertyDecorator {
  return ValidateBy({
    name: 'expires_at',
    validator: {
      validate: (value) =>
        typeof value === 'string' && MOMENT.test(value) && !Number.isNaN(Date.parse(value)),
      defaultMessage: () => 'expires_at must be a time with its zone, such as 2030-01-31T20:00:00Z',
    },
  });
}

/** A key to create. */
export class NewApiKeyDto {
  /** What the key is for, 1 to 100 characters. */
  @Matches(NAME, NAME_MESSAGE)
  name!: string;

  /** `read`: see everything. `operate`: also control engines, streams and channels. `admin`: everything. */
  @ApiProperty({ enum: API_KEY_SCOPES })
  @IsIn(API_KEY_SCOPES, SCOPE_MESSAGE)
  scope!: ApiKeyScope;

  /** The key is refused from this time on. ISO 8601. Without one, the key does not expire. */
  @IsOptional()
  @IsExpiry()
  expires_at?: string | null;
}

/** Changes of a key. What is absent stays as it is. */
export class ApiKeyChangeDto {
  /** What the key is for, 1 to 100 characters. */
  @ApiPropertyOptional()
  @IsOptional()
  @Matches(NAME, NAME_MESSAGE)
  name?: string;

  @ApiPropertyOptional({ enum: API_KEY_SCOPES })
  @IsOptional()
  @IsIn(API_KEY_SCOPES, SCOPE_MESSAGE)
  scope?: ApiKeyScope;

  /** The key is refused from this time on. ISO 8601; `null`: the key does not expire. */
  @IsOptional()
  @IsExpiry()
  expires_at?: string | null;
}

/** A key, without its secret. */
export class ApiKeyDto {
  id!: string;
  name!: string;
  @ApiProperty({ enum: API_KEY_SCOPES })
  scope!: ApiKeyScope;
  /** ISO 8601, UTC. */
  created_at!: string;
  /** Null: the key does not expire. */
  expires_at!: string | null;
  is_expired!: boolean;
  /** Time of the last use, up to 10 minutes too early. */
  last_used_at!: string | null;
}

/** A new key. This answer is the only one that contains its secret. */
export class ApiKeyCreatedDto extends ApiKeyDto {
  /** The secret, for `Authorization: Bearer` or `X-API-Key`. */
  key!: string;
}

export class ApiKeyListDto {
  keys!: ApiKeyDto[];
}
