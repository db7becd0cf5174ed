import type { WebhookBodyDto, WebhookChangesDto } from '../dto/webhook-body.dto';
import type { WebhookDeliveryDto } from '../dto/webhook-delivery.dto';
import type { WebhookDto } from '../dto/webhook.dto';
import {
  DEFAULT_EVENTS,
  MAX_ATTEMPTS,
  stateOf,
  type Webhook,
  type WebhookHealth,
  type WebhookTerms,
} from '../webhook';
import type { Delivery } from '../webhook-deliveries';

export function toWebhookDto(
  webhook: Webhook,
  health: WebhookHealth,
  counts: { readonly pending: number; readonly dead: number },
): WebhookDto {
  const { id, name, url, events, preset, template, oldSecret } = webhook;
  const isOldValid = oldSecret !== null && Date.now() < oldSecret.untilMs;
  return {
    ...{ id, name, url, is_enabled: webhook.isEnabled, disabled_reason: webhook.disabledReason },
    ...{ state: stateOf(webhook, health), events: [...events], min_level: webhook.minLevel },
    ...{ preset, header_names: Object.keys(webhook.headers), template },
    max_attempts: webhook.maxAttempts,
    created_at: new Date(webhook.createdAtMs).toISOString(),
    old_secret_until: isOldValid ? isoOf(oldSecret.untilMs) : null,
    ...{ pending: counts.pending, dead_letters: counts.dead, dropped: health.dropped },
    failing_since: isoOf(health.failingSinceMs),
    last_delivered_at: isoOf(health.deliveredAtMs),
    last_error: health.lastError,
  };
}

export function toDeliveryDto(delivery: Delivery): WebhookDeliveryDto {
  const { id, state, notice, attempts, status, fault } = delivery;
  return {
    ...{ id, state, kind: notice.kind, type: notice.type, subject: notice.subject },
    message: notice.text,
    created_at: new Date(delivery.createdAtMs).toISOString(),
    attempts,
    next_attempt_at: isoOf(delivery.nextAttemptAtMs),
    finished_at: isoOf(delivery.finishedAtMs),
    ...{ last_status: status, last_error: fault, duration_ms: delivery.durationMs },
  };
}

export function toTerms(body: WebhookBodyDto): WebhookTerms {
  return {
    ...{ name: body.name, url: body.url, headers: changedHeaders({}, body.headers) },
    isEnabled: body.is_enabled ?? true,
    events: body.events ?? DEFAULT_EVENTS,
    minLevel: body.min_level ?? 'info',
    preset: body.preset ?? 'standard',
    template: body.template ?? null,
    maxAttempts: body.max_attempts ?? MAX_ATTEMPTS,
  };
}

export function toChanges(body: WebhookChangesDto, before: Webhook): Partial<WebhookTerms> {
  const { name, url, events, preset, template, headers } = body;
  const changes = {
    ...{ name, url, events, preset, template, isEnabled: body.is_enabled },
    ...{ minLevel: body.min_level, maxAttempts: body.max_attempts },
    headers: headers === undefined ? undefined : changedHeaders(before.headers, headers),
  };
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

/** Names of headers are compared without regard to upper and lower case. */
function changedHeaders(
  before: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>> = {},
): Record<string, string> {
  const headers = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(changes)) {
    for (const known of [...headers.keys()]) {
      if (known.toLowerCase() === name.toLowerCase()) headers.delete(known);
    }
    if (value !== null) headers.set(name, value);
  }
  return Object.fromEntries(headers);
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
