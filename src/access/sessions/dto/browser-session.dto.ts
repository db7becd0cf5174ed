import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { API_KEY_SCOPES, type ApiKeyScope } from '../../api-keys/api-key-scope';

const MAX_LENGTH = 256;

/** What a browser signs in with: `key` or `token`. */
export class SignInDto {
  /** An API key. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_LENGTH)
  key?: string;

  /** The token of a one-time link. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_LENGTH)
  token?: string;
}

/** A browser that has signed in. */
export class BrowserSessionDto {
  id!: string;
  /** Name of the key that the browser signed in with; `link` after a one-time link. */
  signed_in_with!: string;
  @ApiProperty({ enum: API_KEY_SCOPES })
  scope!: ApiKeyScope;
  /** ISO 8601, UTC. */
  created_at!: string;
  /** Time of the last request. ISO 8601, UTC. */
  last_seen_at!: string;
  /** The session ends then at the latest. ISO 8601, UTC. */
  expires_at!: string;
  /** Address of the browser when it signed in. */
  ip_address!: string;
  user_agent!: string;
  /** True for the session of this request. */
  is_current!: boolean;
}

export class BrowserSessionListDto {
  sessions!: BrowserSessionDto[];
}

/** A link that signs a browser in once. */
export class SignInLinkDto {
  /** The address of the page. Its fragment contains the token. */
  url!: string;
  /** ISO 8601, UTC. */
  expires_at!: string;
}
