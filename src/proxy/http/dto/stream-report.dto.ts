import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsOptional, IsString, MaxLength } from 'class-validator';
import type { StreamReport } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import { StreamDto } from './stream.dto';

const KEY_TYPES = [
  'content_id',
  'infohash',
  'url',
  'magnet',
  'torrent_url',
  'direct_url',
  'raw_data',
] as const;

const MAX_KEY_LENGTH = 4096;
const MAX_ID_LENGTH = 256;
const MAX_ADDRESS_LENGTH = 2048;

const HEX_ID = /^[0-9a-f]{40}$/i;
/** Letters, digits and the like: a text that may be part of an address and of a log line. */
const PRINTABLE = /^[^\p{C}]+$/u;

const text = (description: string): object => ({ type: 'string', description });

/**
 * A stream that an outside proxy has started. The nested form has `engine`, `stream`, `session` and `labels`; the flat form
 * has `engine_id` and `content_id`.
 */
export class StreamStartedReportDto {
  /** The engine. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ID_LENGTH)
  container_id?: string;

  /** The engine's address, instead of its id. */
  @ApiPropertyOptional({
    type: 'object',
    properties: { host: { type: 'string' }, port: { type: 'integer' } },
  })
  @IsOptional()
  @IsObject()
  engine?: Record<string, unknown>;

  /** What is played. Other fields are ignored. */
  @ApiPropertyOptional({
    type: 'object',
    properties: { key_type: { type: 'string', enum: [...KEY_TYPES] }, key: { type: 'string' } },
    additionalProperties: true,
  })
  @IsOptional()
  @IsObject()
  stream?: Record<string, unknown>;

  /** What the engine answered. The addresses must be at the engine. Other fields are ignored. */
  @ApiPropertyOptional({
    type: 'object',
    properties: {
      playback_session_id: { type: 'string' },
      stat_url: text('With it, acefleet notices that the engine no longer knows the session.'),
      command_url: { type: 'string' },
      is_live: { type: 'integer' },
    },
    additionalProperties: true,
  })
  @IsOptional()
  @IsObject()
  session?: Record<string, unknown>;

  /** Other labels than `stream_id` are ignored. */
  @ApiPropertyOptional({
    type: 'object',
    properties: { stream_id: text('The id of the stream; by default made of key and session.') },
    additionalProperties: true,
  })
  @IsOptional()
  @IsObject()
  labels?: Record<string, unknown>;

  /** Flat form: the engine. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ID_LENGTH)
  engine_id?: string;

  /** Flat form: ignored. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ID_LENGTH)
  engine_name?: string;

  /** Flat form: what is played. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ID_LENGTH)
  content_id?: string;
}

/** A stream of an outside proxy that has ended, by its id, or by what it played. */
export class StreamEndedReportDto {
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ID_LENGTH)
  stream_id?: string;

  @IsOptional()
  @IsString()
  @MaxLength(MAX_ID_LENGTH)
  content_id?: string;

  /** The engine, where several play the content. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ID_LENGTH)
  container_id?: string;

  /** The same. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ID_LENGTH)
  engine_id?: string;

  /** Ignored. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ADDRESS_LENGTH)
  reason?: string;
}

export class StreamEndedAnswerDto {
  /** False if the end was known already. */
  readonly updated!: boolean;
  readonly status!: 'ended';
  readonly stream!: StreamDto;
}

/** The address in a report of an engine without an id; null if there is none. */
export function reportedEndpoint({ engine }: StreamStartedReportDto): {
  host: string;
  port: number;
} | null {
  const host = optionalText(engine, 'host', MAX_ID_LENGTH);
  const port = Number(engine?.['port']);
  return host === null || !Number.isInteger(port) ? null : { host: host.toLowerCase(), port };
}

/** @throws AppError `invalid_request` */
export function toStreamReport(body: StreamStartedReportDto): StreamReport {
  const { stream, session, labels, content_id } = body;
  const isFlat = stream === undefined && content_id !== undefined;
  const keyType = isFlat ? 'content_id' : optionalText(stream, 'key_type', MAX_ID_LENGTH);
  const key = isFlat ? content_id : optionalText(stream, 'key', MAX_KEY_LENGTH);
  if (!KEY_TYPES.some((type) => type === keyType) || keyType === null || key === null) {
    throw invalid(`stream needs a key, and a key_type of ${KEY_TYPES.join(', ')}`);
  }
  const isId = keyType === 'content_id' || keyType === 'infohash';
  if (isId && !HEX_ID.test(key)) throw invalid(`a ${keyType} is 40 hex digits`);
  return {
    keyType,
    key: isId ? key.toLowerCase() : key,
    playbackSessionId: optionalText(session, 'playback_session_id', MAX_ID_LENGTH),
    isLive: liveness(session?.['is_live']),
    streamId: optionalText(labels, 'stream_id', MAX_ID_LENGTH),
    statUrl: optionalText(session, 'stat_url', MAX_ADDRESS_LENGTH),
    commandUrl: optionalText(session, 'command_url', MAX_ADDRESS_LENGTH),
  };
}

/** Null if there is none, or an empty one. */
function optionalText(
  fields: Readonly<Record<string, unknown>> | undefined,
  name: string,
  maxLength: number,
): string | null {
  const value = fields?.[name] ?? '';
  if (value === '') return null;
  const isUsable = typeof value === 'string' && value.length <= maxLength && PRINTABLE.test(value);
  if (isUsable) return value;
  throw invalid(`${name} must be a text of at most ${maxLength} characters`);
}

function liveness(value: unknown): boolean | null {
  if (value === true || value === 1) return true;
  return value === false || value === 0 ? false : null;
}

function invalid(what: string): AppError {
  return new AppError('invalid_request', `${what}.`);
}
