import { Module } from '@nestjs/common';
import { WebhooksController } from './http/webhooks.controller';
import { IncidentTracker } from './incident-tracker';
import { WebhookDeliveries } from './webhook-deliveries';
import { WebhookNotifier } from './webhook-notifier';
import { WebhookSender } from './webhook-sender';
import { Webhooks } from './webhooks';

/** Tells other services, such as a phone, of problems and events. */
@Module({
  controllers: [WebhooksController],
  providers: [Webhooks, WebhookSender, WebhookDeliveries, IncidentTracker, WebhookNotifier],
})
export class WebhooksModule {}
