import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { categoryOf, describeEvent, EventBus, type RecordedEvent } from '../events';
import { IncidentTracker } from './incident-tracker';
import type { Notice } from './notice';
import { wantsEvent, wantsIncident } from './webhook';
import { WebhookDeliveries } from './webhook-deliveries';
import { Webhooks } from './webhooks';

const MAX_EARLY = 1000;

/** Gives each webhook the events and the notices of incidents that it wants. Without webhooks, it does nothing. */
@Injectable()
export class WebhookNotifier implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly unsubscribe: () => void;
  /** Events from before the webhooks were read from the disk; null afterwards. */
  private early: RecordedEvent[] | null = [];

  constructor(
    events: EventBus,
    private readonly webhooks: Webhooks,
    private readonly incidents: IncidentTracker,
    private readonly deliveries: WebhookDeliveries,
  ) {
    this.unsubscribe = events.subscribe((event) => this.take(event));
    incidents.onNotice((notice) => this.tell(notice));
    webhooks.onChange((id) => {
      if (webhooks.list().length === 0) incidents.clear();
      else if (webhooks.find(id) === null) incidents.forget(`webhook:${id}`);
    });
  }

  onApplicationBootstrap(): void {
    const early = this.early ?? [];
    this.early = null;
    for (const event of early) this.take(event);
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  private take(event: RecordedEvent): void {
    if (this.early !== null) {
      if (this.early.length < MAX_EARLY) this.early.push(event);
      return;
    }
    const all = this.webhooks.list();
    if (all.length === 0) return;
    const description = describeEvent(event);
    const { level, subject } = description;
    const facts = { type: event.type, category: categoryOf(description), level, subject };
    for (const webhook of all) {
      if (!webhook.isEnabled || !wantsEvent(webhook, facts)) continue;
      this.deliveries.add(webhook, {
        ...{ kind: 'event', type: event.type, level, gravity: level, subject },
        ...{ text: description.text, time: event.time, eventId: event.id, durationMs: null },
        details: { ...event.payload },
      });
    }
    this.incidents.take(event);
  }

  private tell(notice: Notice): void {
    for (const webhook of this.webhooks.list()) {
      if (webhook.isEnabled && wantsIncident(webhook, notice)) {
        this.deliveries.add(webhook, notice);
      }
    }
  }
}
