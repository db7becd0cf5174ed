import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { isIP } from 'node:net';
import { IsBoolean, IsInt, Max, Min, ValidateBy, ValidateIf } from 'class-validator';
import { isHostName } from '../../../config';

const MAX_STREAMS = 10_000;
const MAX_LABELS = 50;
const MAX_LABEL_LENGTH = 200;

const IsGivenOrNull = (): PropertyDecorator =>
  ValidateIf((_, value) => value !== undefined && value !== null);

function isHost(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return isIP(value.replace(/^\[(.*)\]$/, '$1')) !== 0 || isHostName(value);
}

function areLabels(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value as Record<string, unknown>);
  return (
    entries.length <= MAX_LABELS &&
    entries.every(
      ([name, label]) =>
        name !== '' &&
        name.length <= MAX_LABEL_LENGTH &&
        typeof label === 'string' &&
        label.length <= MAX_LABEL_LENGTH,
    )
  );
}

/** An engine that somebody else runs. */
export class CreateEngineDto {
  /** An IP address or a host name. */
  @ApiProperty({ type: String, examples: ['192.168.1.20'] })
  @ValidateBy({
    name: 'isHost',
    validator: {
      validate: isHost,
      defaultMessage: () => 'host must be an IP address or a host name',
    },
  })
  host!: string;

  /** Port of the engine's HTTP API. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 65_535, example: 6878 })
  @IsInt()
  @Min(1)
  @Max(65_535)
  port!: number;

  /** Port of the line protocol; shown, not used. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 65_535, nullable: true })
  @IsGivenOrNull()
  @IsInt()
  @Min(1)
  @Max(65_535)
  api_port?: number | null;

  /** Shown with the engine, and found by `GET /by-label`. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  @ValidateIf((_, value) => value !== undefined)
  @ValidateBy({
    name: 'areLabels',
    validator: {
      validate: areLabels,
      defaultMessage: () =>
        `labels must be at most ${MAX_LABELS} texts by name, each of at most ${MAX_LABEL_LENGTH} characters`,
    },
  })
  labels?: Record<string, string>;

  /** Number of its slots; left out: `MAX_STREAMS_PER_ENGINE`. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_STREAMS, nullable: true })
  @IsGivenOrNull()
  @IsInt()
  @Min(1)
  @Max(MAX_STREAMS)
  max_streams?: number | null;

  /** `true`: add the engine even if it does not answer now. */
  @ApiPropertyOptional({ default: false })
  @ValidateIf((_, value) => value !== undefined)
  @IsBoolean({ message: 'accept_unreachable must be true or false' })
  accept_unreachable?: boolean;
}
