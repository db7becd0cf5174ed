import { setTimeout as delay } from 'node:timers/promises';
import { Body, Controller, Inject, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../../config';
import { ApiProblems, type FastifyReply } from '../../http';
import { AppError, type ErrorCode } from '../../kernel/errors';
import {
  EngineOrderedDto,
  EngineReadyDto,
  ProvisionEngineDto,
  ProvisionImageDto,
  ProvisionQueryDto,
} from '../dto/provision.dto';
import { withTag } from '../drivers/containers/engine-recipe';
import type { Engine } from '../registry/engine';
import type { EnginesConfig } from '../engines.config';
import { FleetControl, type ProvisionTicket } from '../fleet/fleet-control.port';

/** Who waits longer is told that it goes on. An image that is pulled over a slow line may take that long. */
const LONGEST_WAIT_MS = 300_000;

/** Why no engine comes. */
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

/** One engine more, when somebody asks for it. */
@ApiTags('fleet')
@Controller(['api/v1/provision', 'provision'])
export class ProvisioningController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly fleet: FleetControl,
  ) {}

  /**
   * Request one more engine. It is removed like any other engine when it is not needed. Answers at once, or with
   * `wait=true` after the engine has answered. The engine is created even if the client disconnects.
   */
  @Post('acestream')
  @ApiBody({ type: ProvisionEngineDto, required: false })
  @ApiAcceptedResponse({ type: EngineOrderedDto })
  @ApiCreatedResponse({ type: EngineReadyDto })
  @ApiProblems(...PROBLEMS)
  acestream(
    @Query() query: ProvisionQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body() body?: ProvisionEngineDto,
  ): Promise<EngineOrderedDto | EngineReadyDto> {
    return this.order(query, body, reply);
  }

  /** Request one more engine by its image. Only the image of `ENGINE_IMAGE` is accepted. */
  @Post()
  @ApiAcceptedResponse({ type: EngineOrderedDto })
  @ApiCreatedResponse({ type: EngineReadyDto })
  @ApiProblems(...PROBLEMS)
  image(
    @Query() query: ProvisionQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body() body: ProvisionImageDto,
  ): Promise<EngineOrderedDto | EngineReadyDto> {
    const { image, ...rest } = body;
    this.expectOurImage(image);
    return this.order(query, rest, reply);
  }

  private async order(
    query: ProvisionQueryDto,
    body: object | undefined,
    reply: FastifyReply,
  ): Promise<EngineOrderedDto | EngineReadyDto> {
    const ticket = this.fleet.provision();
    const ignored = namesOfContent(body ?? {});
    const engine = query.wait === 'true' ? await waitFor(ticket, reply) : null;
    if (engine !== null) {
      reply.code(201);
      return new EngineReadyDto(ticket.key, engine, this.config.maxStreamsPerEngine, ignored);
    }
    // Nobody waits any more; a failure is in the event log, under the order's key.
    ticket.ready.catch(() => undefined);
    reply.code(202);
    return new EngineOrderedDto(ticket.key, ignored);
  }

  private expectOurImage(image: string): void {
    const { runtime, image: ours } = this.fleet.status();
    if (runtime === null || withTag(image) === withTag(ours?.reference ?? '')) return;
    throw new AppError('forbidden', 'Engines can use only the image of ENGINE_IMAGE.');
  }
}

/** The engine, when it has answered; null when the caller left, or waited too long. */
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

/** Names of the fields that say something: not left out, and no empty object. */
function namesOfContent(body: object): string[] {
  return Object.entries(body)
    .filter(([, value]: [string, unknown]) => {
      if (value === undefined || value === null) return false;
      return typeof value !== 'object' || Object.keys(value).length > 0;
    })
    .map(([name]) => name);
}
