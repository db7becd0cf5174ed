import { setTimeout as delay } from 'node:timers/promises';
import { Body, Controller, Inject, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../../config';
import { AliasAnswer, ApiProblems, type FastifyReply } from '../../http';
import { AppError, type ErrorCode } from '../../kernel/errors';
import { EngineReadyCompatDto, toProvisionCompat } from './compat/engine-ready.compat.dto';
import {
  EngineRequestedDto,
  EngineReadyDto,
  ProvisionEngineDto,
  ProvisionImageDto,
  ProvisionQueryDto,
} from './dto/provision.dto';
import { withTag } from '../drivers/containers/engine-recipe';
import type { Engine } from '../registry/engine';
import type { EnginesConfig } from '../engines-config';
import { FleetControl, type ProvisionTicket } from '../fleet/fleet-control.port';

/**
 * After this time the answer is 202, and the provisioning request continues. Pulling an image over a slow line may
 * take that long.
 */
const LONGEST_WAIT_MS = 300_000;

/** The error codes of a provisioning request. */
const PROBLEMS: readonly ErrorCode[] = [
  'not_managed',
  'conflict',
  'no_capacity',
  'provisioning_blocked',
  'image_missing',
  'port_conflict',
  'name_conflict',
  'docker_unavailable',
  'shutting_down',
  'runtime_refused',
  'engine_failed',
  'start_timeout',
];

/** Provisioning requests of operators. */
@ApiTags('fleet')
@Controller(['api/v1/provision', 'provision'])
export class ProvisioningController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly fleet: FleetControl,
  ) {}

  /**
   * Request one more engine. It is removed like any other engine when it is no longer needed. Answers at once, or
   * with `wait=true` after the engine has answered or has failed to start. The engine is created even if the client
   * disconnects.
   */
  @Post('acestream')
  @ApiBody({ type: ProvisionEngineDto, required: false })
  @ApiAcceptedResponse({ type: EngineRequestedDto })
  @ApiCreatedResponse({ type: EngineReadyDto })
  @AliasAnswer(EngineReadyDto, EngineReadyCompatDto, toProvisionCompat)
  @ApiProblems(...PROBLEMS)
  acestream(
    @Query() query: ProvisionQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body() body?: ProvisionEngineDto,
  ): Promise<EngineRequestedDto | EngineReadyDto> {
    return this.request(query, body, reply);
  }

  /** Request one more engine by its image. Only the image of `ENGINE_IMAGE` is accepted. */
  @Post()
  @ApiAcceptedResponse({ type: EngineRequestedDto })
  @ApiCreatedResponse({ type: EngineReadyDto })
  @AliasAnswer(EngineReadyDto, EngineReadyCompatDto, toProvisionCompat)
  @ApiProblems(...PROBLEMS)
  image(
    @Query() query: ProvisionQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body() body: ProvisionImageDto,
  ): Promise<EngineRequestedDto | EngineReadyDto> {
    const { image, ...rest } = body;
    this.expectEngineImage(image);
    return this.request(query, rest, reply);
  }

  private async request(
    query: ProvisionQueryDto,
    body: object | undefined,
    reply: FastifyReply,
  ): Promise<EngineRequestedDto | EngineReadyDto> {
    const ticket = this.fleet.provision();
    const ignored = namesOfContent(body ?? {});
    const engine = query.wait === 'true' ? await waitFor(ticket, reply) : null;
    if (engine !== null) {
      reply.code(201);
      return new EngineReadyDto(ticket.key, engine, this.config.maxStreamsPerEngine, ignored);
    }
    // No caller waits for the engine. A failure is in the event log, under the key of the request.
    ticket.ready.catch(() => undefined);
    reply.code(202);
    return new EngineRequestedDto(ticket.key, ignored);
  }

  private expectEngineImage(image: string): void {
    const { runtime, image: engineImage } = this.fleet.status();
    if (runtime === null || withTag(image) === withTag(engineImage?.reference ?? '')) return;
    throw new AppError('forbidden', 'Engines can use only the image of ENGINE_IMAGE.');
  }
}

/** The engine, once it has answered; null when the caller disconnected, or waited too long. */
async function waitFor(ticket: ProvisionTicket, reply: FastifyReply): Promise<Engine | null> {
  const waiting = new AbortController();
  const end = (): void => waiting.abort();
  reply.raw.once('close', end);
  const tooLong = delay(LONGEST_WAIT_MS, null, { signal: waiting.signal }).catch(() => null);
  try {
    return await Promise.race([ticket.ready, tooLong]);
  } finally {
    reply.raw.off('close', end);
    end();
  }
}

/** Names of the fields that are set to something other than an empty object. */
function namesOfContent(body: object): string[] {
  return Object.entries(body)
    .filter(([, value]: [string, unknown]) => {
      if (value === undefined || value === null) return false;
      return typeof value !== 'object' || Object.keys(value).length > 0;
    })
    .map(([name]) => name);
}
