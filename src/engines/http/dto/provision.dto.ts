import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  MinLength,
  Min,
} from 'class-validator';
import { readEngineLabels } from '../../drivers/containers/engine-labels';
import type { Engine } from '../../registry/engine';
import { EngineDto } from './engine.dto';

/** An object of strings. It has no effect, so its content is not checked. */
const TEXTS = { type: 'object', additionalProperties: { type: 'string' } } as const;

/**
 * Container options that clients may send. They have no effect, because engines are created from the settings alone.
 */
export class ContainerOptionsDto {
  /** No effect. */
  @ApiPropertyOptional(TEXTS)
  @IsOptional()
  @IsObject()
  labels?: Record<string, unknown>;

  /** No effect. */
  @ApiPropertyOptional(TEXTS)
  @IsOptional()
  @IsObject()
  env?: Record<string, unknown>;
}

/**
 * Body of `POST /provision/acestream`; optional. Fields that clients of acestream-orchestrator send are accepted,
 * have no effect, and are listed in the response's `ignored`.
 */
export class ProvisionEngineDto extends ContainerOptionsDto {
  /** No effect: ports are taken from `PORT_RANGE_HOST`. */
  @ApiPropertyOptional({ type: 'integer' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  host_port?: number;
}

/** Body of `POST /provision`. */
export class ProvisionImageDto extends ContainerOptionsDto {
  /** The image of the engines (`ENGINE_IMAGE`); any other is refused. */
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  image!: string;

  /** No effect. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @IsOptional()
  @IsObject()
  ports?: Record<string, unknown>;

  /** No effect. */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  name_prefix?: string;
}

export class ProvisionQueryDto {
  /** `true`: answer after the engine has answered or has failed to start. */
  @ApiPropertyOptional({ enum: ['true', 'false'] })
  @IsOptional()
  @IsIn(['true', 'false'])
  wait?: 'true' | 'false';
}

/** A provisioning request was accepted. */
export class EngineRequestedDto {
  @ApiProperty({ enum: ['provisioning'] })
  readonly status = 'provisioning';

  /** Key of the provisioning request; its events carry the same key. */
  readonly order: string;

  /** Fields of the request that had no effect. */
  readonly ignored: string[];

  constructor(order: string, ignored: readonly string[]) {
    this.order = order;
    this.ignored = [...ignored];
  }
}

/** A requested engine that has answered. */
export class EngineReadyDto {
  @ApiProperty({ enum: ['ready'] })
  readonly status = 'ready';

  /** Key of the provisioning request; its events carry the same key. */
  readonly order: string;

  /** Port inside the container; null without a container. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly container_http_port: number | null;

  /** Port inside the container; null without a container or without such a port. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly container_https_port: number | null;

  readonly engine: EngineDto;

  /** Fields of the request that had no effect. */
  readonly ignored: string[];

  constructor(order: string, engine: Engine, maxStreams: number, ignored: readonly string[]) {
    const ports = readEngineLabels(engine.labels)?.ports;
    this.order = order;
    this.container_http_port = ports?.http ?? null;
    this.container_https_port = ports?.https ?? null;
    this.engine = new EngineDto(engine, maxStreams);
    this.ignored = [...ignored];
  }
}
