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
  Query,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../../access';
import { ApiProblems } from '../../http';
import { WebhookBodyDto, WebhookChangesDto } from '../dto/webhook-body.dto';
import {
  WebhookDeliveryDto,
  WebhookDeliveryListDto,
  WebhookDeliveryQueryDto,
  WebhookReplayDto,
} from '../dto/webhook-delivery.dto';
import {
  WebhookDto,
  WebhookListDto,
  WebhookRemovedDto,
  WebhookWithSecretDto,
} from '../dto/webhook.dto';
import type { Webhook } from '../webhook';
import { WebhookDeliveries } from '../webhook-deliveries';
import { Webhooks } from '../webhooks';
import { toChanges, toDeliveryDto, toTerms, toWebhookDto } from './webhook-mapping';

/** Webhooks, and the log of their deliveries. All of it needs `admin`, because addresses may contain a token. */
@ApiTags('webhooks')
@NeedsScope('admin')
@Controller('api/v1/webhooks')
export class WebhooksController {
  private readonly logger = new Logger('Webhooks');

  constructor(
    private readonly webhooks: Webhooks,
    private readonly deliveries: WebhookDeliveries,
  ) {}

  /** List webhooks. */
  @Get()
  async list(): Promise<WebhookListDto> {
    const dead = await this.deliveries.countDead();
    return { webhooks: this.webhooks.list().map((webhook) => this.toDto(webhook, dead)) };
  }

  /** Show a webhook and how its deliveries go. */
  @Get(':id')
  @ApiProblems('not_found')
  async get(@Param('id') id: string): Promise<WebhookDto> {
    return this.shown(this.webhooks.get(id));
  }

  /** Create a webhook. The answer contains its secret, which cannot be shown again. There may be at most 20. */
  @Post()
  @ApiCreatedResponse({ type: WebhookWithSecretDto })
  @ApiProblems('conflict', 'storage_full', 'storage_failed')
  async create(@Body() body: WebhookBodyDto): Promise<WebhookWithSecretDto> {
    const webhook = await this.webhooks.create(toTerms(body));
    this.log(webhook, 'a webhook was created');
    return this.withSecret(webhook);
  }

  /** Change a webhook. What is waiting is sent at once. */
  @Patch(':id')
  @ApiProblems('not_found', 'conflict', 'storage_full', 'storage_failed')
  async change(@Param('id') id: string, @Body() body: WebhookChangesDto): Promise<WebhookDto> {
    const webhook = await this.webhooks.update(id, (before) => toChanges(body, before));
    this.log(webhook, 'a webhook was changed');
    return this.shown(webhook);
  }

  /** Remove a webhook with its deliveries. */
  @Delete(':id')
  @ApiProblems('not_found', 'storage_full', 'storage_failed')
  async remove(@Param('id') id: string): Promise<WebhookRemovedDto> {
    const webhook = this.webhooks.get(id);
    await this.webhooks.remove(id);
    this.log(webhook, 'a webhook was removed');
    return { id, message: 'The webhook was removed.' };
  }

  /** Give a webhook a new secret. The old one signs too for 24 h, so that the receiver can be changed meanwhile. */
  @Post(':id/rotate-secret')
  @HttpCode(200)
  @ApiProblems('not_found', 'storage_full', 'storage_failed')
  async rotateSecret(@Param('id') id: string): Promise<WebhookWithSecretDto> {
    const webhook = await this.webhooks.rotateSecret(id);
    this.log(webhook, 'a webhook has a new secret');
    return this.withSecret(webhook);
  }

  /** Send a test notice now. The answer says how the one attempt went. Also possible while the webhook is disabled. */
  @Post(':id/test')
  @HttpCode(200)
  @ApiProblems('not_found', 'conflict')
  async test(@Param('id') id: string): Promise<WebhookDeliveryDto> {
    return toDeliveryDto(await this.deliveries.test(id));
  }

  /** List the deliveries of a webhook. The newest come first. */
  @Get(':id/deliveries')
  @ApiProblems('not_found')
  async listDeliveries(
    @Param('id') id: string,
    @Query() { state, before, limit }: WebhookDeliveryQueryDto,
  ): Promise<WebhookDeliveryListDto> {
    const page = await this.deliveries.list(id, state ?? null, before ?? null, limit);
    return { deliveries: page.deliveries.map(toDeliveryDto), next: page.next };
  }

  /** Send a finished delivery again. It may be delivered or dead, and keeps its id. Answers 409 while it is pending. */
  @Post(':id/deliveries/:delivery/replay')
  @HttpCode(202)
  @ApiProblems('not_found', 'conflict')
  async replay(
    @Param('id') id: string,
    @Param('delivery') delivery: string,
  ): Promise<WebhookDeliveryDto> {
    return toDeliveryDto(await this.deliveries.replay(id, delivery));
  }

  /** Send all dead letters of a webhook again. */
  @Post(':id/replay')
  @HttpCode(202)
  @ApiProblems('not_found', 'conflict')
  async replayDead(@Param('id') id: string): Promise<WebhookReplayDto> {
    return { replayed: await this.deliveries.replayDead(id) };
  }

  private async shown(webhook: Webhook): Promise<WebhookDto> {
    return this.toDto(webhook, await this.deliveries.countDead());
  }

  private async withSecret(webhook: Webhook): Promise<WebhookWithSecretDto> {
    return Object.assign(await this.shown(webhook), { secret: webhook.secret });
  }

  private toDto(webhook: Webhook, dead: ReadonlyMap<string, number>): WebhookDto {
    const { id } = webhook;
    const counts = { pending: this.deliveries.pendingCount(id), dead: dead.get(id) ?? 0 };
    return toWebhookDto(webhook, this.webhooks.healthOf(id), counts);
  }

  /** Addresses, headers and secrets do not belong in the log. */
  private log({ id, name }: Webhook, what: string): void {
    this.logger.log({ webhook_id: id, name }, what);
  }
}
