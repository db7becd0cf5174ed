import { type DomainEventType, EVENT_TYPES, type EventLevel } from '../events';
import { rankOf } from './incidents';
import type { Notice } from './notice';

export const PRESETS = ['standard', 'ntfy', 'gotify', 'discord', 'home_assistant'] as const;

/** The form of the requests, which the receiver expects. */
export type Preset = (typeof PRESETS)[number];

/** Selects the notices of incidents: problems, recoveries and flapping subjects. */
export const PROBLEMS = 'problems';
/** Selects every event. */
export const ALL = 'all';

/** What an event can be about, as `categoryOf` says. */
export const CATEGORIES = [
  'api',
  'channel',
  'checks',
  'engine',
  'fleet',
  'image',
  'runtime',
  'settings',
  'stream',
  'vpn',
  'webhook',
] as const;

export function isSelector(text: string): boolean {
  return (
    text === PROBLEMS ||
    text === ALL ||
    CATEGORIES.some((category) => category === text) ||
    EVENT_TYPES.includes(text as DomainEventType)
  );
}

export const MAX_WEBHOOKS = 20;
export const MAX_ATTEMPTS = 8;
export const DEFAULT_EVENTS: readonly string[] = [PROBLEMS];

/** Why a webhook was disabled by acefleet itself. */
export const DISABLED_REASONS = ['gone', 'secrets_lost'] as const;

export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** What is encrypted on the disk: addresses of webhooks are secrets too, because many contain a token. */
export interface WebhookSecrets {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `whsec_` and the key in base64. */
  readonly secret: string;
  /** Signs too until its time, so that the receiver can be changed after a rotation. */
  readonly oldSecret: { readonly secret: string; readonly untilMs: number } | null;
}

/** What an administrator decides about a webhook. */
export interface WebhookTerms {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isEnabled: boolean;
  /** `problems`, `all`, categories and types of events. */
  readonly events: readonly string[];
  readonly minLevel: EventLevel;
  readonly preset: Preset;
  /** The message; null: the text of the notice. */
  readonly template: string | null;
  readonly maxAttempts: number;
}

export interface Webhook extends WebhookTerms, WebhookSecrets {
  readonly id: string;
  readonly disabledReason: DisabledReason | null;
  readonly createdAtMs: number;
}

/** How the last deliveries went. It is stored as JSON. Times are milliseconds since 1970. */
export interface WebhookHealth {
  /** Failed attempts since the last delivery that succeeded. */
  readonly failures: number;
  readonly failingSinceMs: number | null;
  readonly deliveredAtMs: number | null;
  readonly lastError: DeliveryFault | null;
  /** Notices that were not queued, because too many were waiting. */
  readonly dropped: number;
}

/** Why an attempt failed. */
export interface DeliveryFault {
  readonly code: string;
  readonly detail: string;
}

export const NEW_HEALTH: WebhookHealth = {
  failures: 0,
  failingSinceMs: null,
  deliveredAtMs: null,
  lastError: null,
  dropped: 0,
};

export const WEBHOOK_STATES = ['ok', 'failing', 'disabled'] as const;

export type WebhookState = (typeof WEBHOOK_STATES)[number];

/** Failed attempts in a row after which a webhook counts as failing. */
const FAILURES_BEFORE_FAILING = 3;

export function stateOf(
  { isEnabled }: Pick<Webhook, 'isEnabled'>,
  { failures }: Pick<WebhookHealth, 'failures'>,
): WebhookState {
  if (!isEnabled) return 'disabled';
  return failures >= FAILURES_BEFORE_FAILING ? 'failing' : 'ok';
}

/** True if the webhook wants the notice of an incident. It does not hear of its own failures. */
export function wantsIncident({ id, events, minLevel }: Webhook, notice: Notice): boolean {
  if (rankOf(notice.gravity) < rankOf(minLevel)) return false;
  return events.includes(PROBLEMS) && notice.subject !== `webhook:${id}`;
}

/** True if the webhook wants events of this kind as they are. */
export function wantsEvent(
  { id, events, minLevel }: Webhook,
  event: {
    readonly type: string;
    readonly category: string;
    readonly level: EventLevel;
    readonly subject: string;
  },
): boolean {
  if (rankOf(event.level) < rankOf(minLevel) || event.subject === `webhook:${id}`) return false;
  return [ALL, event.category, event.type].some((selector) => events.includes(selector));
}
